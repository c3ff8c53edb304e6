/**
 * The largest total within any one second.
 * @param events [[milliseconds, amount], …] in any order.
 */
export function busiestSecond(events) {
  const sorted = [...events].sort((a, b) => a[0] - b[0]);
  let [start, sum, most] = [0, 0, 0];
  for (const [at, count] of sorted) {
    sum += count;
    while (sorted[start][0] <= at - 1_000) sum -= sorted[start++][1];
    most = Math.max(most, sum);
  }
  return most;
}
