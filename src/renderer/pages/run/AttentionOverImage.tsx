/** The attention of the token that the output network reads, drawn over the image, a picture per head. */
import { Box, Group, Text } from '@mantine/core';
import { type AttentionLayer, layerWeights } from '#contract/analysis';
import { PictureCanvas } from '../datasets/PictureCanvas.tsx';
import { rangeOf } from '../datasets/picture.ts';
import { overlay, readWeights } from './overlay.ts';

export function AttentionOverImage({ found }: { found: AttentionLayer }) {
  const { data, tokens, heads, layer } = found;
  const read = readWeights(layerWeights(found), heads, tokens.length, data);
  if (!read) return null;
  const range = rangeOf(data.samples);
  return (
    <Box component="figure" m={0}>
      <Group gap="sm">
        {read.heads.map((weights, head) => {
          const picture = overlay(data, data.samples[0].x, range, weights);
          const title = `Attention of the ${read.reader} in layer ${layer}, head ${head}`;
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: a head is its number
            <div key={head}>
              <PictureCanvas picture={picture} style={{ width: picture.width, height: picture.height }} title={title} />
              <Text size="xs" c="dimmed" ta="center">
                head {head}
              </Text>
            </div>
          );
        })}
      </Group>
      <Text component="figcaption" size="xs" c="dimmed" mt={4}>
        Attention of the {read.reader} in layer {layer}, per head: the more orange a patch, the larger its weight.
      </Text>
    </Box>
  );
}
