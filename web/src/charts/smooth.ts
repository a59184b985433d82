/**
 * Exponential smoothing as TensorBoard draws it: each value weighs `weight` times as much as the
 * next; divided by the sum of the weights, so that the first values are not drawn to zero (the
 * debiasing of Kingma and Ba, Adam, 2015).
 */
export function smoothed(values: (number | null)[], weight: number): (number | null)[] {
  let sum = 0;
  let weights = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = weight * sum + (1 - weight) * value;
    weights = weight * weights + (1 - weight);
    return sum / weights;
  });
}
