/** The floor of a metric: the score of a trivial rule, which mostly ignores the input. */
export interface Floor {
  value: number;
  /** The rule as text, in the imperative, such as `always predict class 1`. */
  predictor: string;
}

/** Whether a result beats the floor by no more than `tolerance`, and so is no evidence of learning. */
export function sitsOnFloor(
  result: { metric: 'accuracy' | 'mae'; value: number },
  floor: Floor,
  tolerance: number,
): boolean {
  const gain = result.metric === 'accuracy' ? result.value - floor.value : floor.value - result.value;
  return gain <= tolerance;
}
