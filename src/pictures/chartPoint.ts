export interface ChartPoint {
  x: number;
  y: number;
}
