/** A bitmap without smoothing. */
import { type CSSProperties, useEffect, useRef } from 'react';
import type { Picture } from './picture.ts';

interface PictureCanvasProps {
  picture: Picture;
  style: CSSProperties;
  title: string;
}

export function PictureCanvas({ picture, style, title }: PictureCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height, rgba } = picture;
  useEffect(() => canvas.current?.getContext('2d')?.putImageData(new ImageData(rgba, width, height), 0, 0));
  return (
    <canvas className="pixels" ref={canvas} width={width} height={height} style={style} role="img" aria-label={title} />
  );
}
