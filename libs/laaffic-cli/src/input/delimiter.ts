const CANDIDATES = [',', ';', '\t'] as const;
const LINES_LOOKED_AT = 20;

export type Delimiter = (typeof CANDIDATES)[number];

/** What separates the cells of a CSV: what its first lines have, outside quotes, equally often. */
export function delimiterOf(head: string): Delimiter {
  const lines = countsByLine(head);
  const [first] = lines;
  let best: Delimiter = ',';
  let bestScore = 0;
  for (const candidate of CANDIDATES) {
    const count = first?.[candidate] ?? 0;
    if (count === 0) continue;
    const same = lines.filter((line) => line[candidate] === count).length;
    const score = same * 1000 + count;
    if (score > bestScore) [best, bestScore] = [candidate, score];
  }
  return best;
}

type Counts = Record<Delimiter, number>;

function countsByLine(head: string): Counts[] {
  const lines: Counts[] = [];
  let [counts, isQuoted, isBlank] = [noCounts(), false, true];
  const end = () => {
    if (!isBlank) lines.push(counts);
    [counts, isBlank] = [noCounts(), true];
  };
  for (const character of head) {
    if (character === '"') isQuoted = !isQuoted;
    if (!isQuoted && character === '\n') {
      end();
      if (lines.length === LINES_LOOKED_AT) return lines;
      continue;
    }
    isBlank = false;
    if (!isQuoted && character in counts) counts[character as Delimiter]++;
  }
  // The last line may be cut off.
  if (lines.length === 0) end();
  return lines;
}

function noCounts(): Counts {
  return { ',': 0, ';': 0, '\t': 0 };
}
