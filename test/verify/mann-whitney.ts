/**
 * The two-sided p-value of the Mann–Whitney test: how likely two samples of one distribution differ at least as much. By
 * the normal approximation, corrected for ties, which is exact enough from twenty values on.
 */
export function mannWhitney(first: readonly number[], second: readonly number[]): number {
  const all = [
    ...first.map((value) => ({ value, isFirst: true })),
    ...second.map((value) => ({ value, isFirst: false })),
  ];
  all.sort((a, b) => a.value - b.value);
  let [rankSum, ties] = [0, 0];
  for (let begin = 0; begin < all.length;) {
    let end = begin;
    while (end < all.length && all[end]!.value === all[begin]!.value) end++;
    // Equal values share the mean of their ranks.
    const rank = (begin + 1 + end) / 2;
    const count = end - begin;
    ties += count ** 3 - count;
    for (let at = begin; at < end; at++) if (all[at]!.isFirst) rankSum += rank;
    begin = end;
  }
  const [m, n] = [first.length, second.length];
  const total = m + n;
  const u = rankSum - (m * (m + 1)) / 2;
  const variance = ((m * n) / 12) * (total + 1 - ties / (total * (total - 1)));
  // All values are equal.
  if (variance === 0) return 1;
  const z = Math.max(0, Math.abs(u - (m * n) / 2) - 0.5) / Math.sqrt(variance);
  return 2 * (1 - normal(z));
}

/** The distribution function of the normal distribution for z >= 0, to 10^-7. Abramowitz and Stegun, 26.2.17. */
function normal(z: number): number {
  const t = 1 / (1 + 0.231_641_9 * z);
  const sum = [0.319_381_53, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429].reduce(
    (total, factor, index) => total + factor * t ** (index + 1),
    0,
  );
  return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * sum;
}
