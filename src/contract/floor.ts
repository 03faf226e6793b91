/** The floor of a metric: what a rule reaches that needs nothing of what the task asks for. Mostly it never looks at its input. */
export interface Floor {
  value: number;
  /** What that rule says, in words, e.g. `always class 1`. */
  predictor: string;
}

/** Whether a result is no further above the floor than `tolerance`, so that nothing is known to have been learnt. */
export function sitsOnFloor(
  result: { metric: 'accuracy' | 'mae'; value: number },
  floor: Floor,
  tolerance: number,
): boolean {
  const gain = result.metric === 'accuracy' ? result.value - floor.value : floor.value - result.value;
  return gain <= tolerance;
}
