import type { Figures } from './figures.js';

/** Figures of one scenario, under its name. */
export interface FiguresRow {
  readonly name: string;
  readonly figures: Figures;
}

const HEADER = [
  'scenario',
  'attack messages',
  'sent',
  'cost',
  'of unguarded',
  'users',
  'rejected at first',
  'never served',
  'starts rejected',
  'known numbers rejected',
];

/** The figures as a Markdown table: attacks on the left, real users on the right. */
export function figuresTable(rows: readonly FiguresRow[]): string {
  return [
    line(HEADER),
    line(HEADER.map((_, column) => (column === 0 ? '---' : '---:'))),
    ...rows.map((row) => line(cells(row))),
  ].join('\n');
}

function cells({ name, figures: { attack, real, known } }: FiguresRow): string[] {
  const ofAttack =
    attack.starts === 0
      ? ['–', '–', '–', '–']
      : [count(attack.starts), count(attack.sent), dollars(attack.cost), percent(attack.cost, attack.unguardedCost)];
  return [
    name.replaceAll('|', '\\|'),
    ...ofAttack,
    count(real.users),
    withShare(real.rejectedAtFirst, real.users),
    withShare(real.neverServed, real.users),
    withShare(real.startsRejected, real.starts),
    count(known.numbersRejected),
  ];
}

const line = (columns: readonly string[]): string => `| ${columns.join(' | ')} |`;

const count = (value: number): string => value.toLocaleString('en-US');

const dollars = (value: number): string => `$${Math.round(value).toLocaleString('en-US')}`;

const withShare = (part: number, whole: number): string =>
  part === 0 ? '0' : `${count(part)} (${percent(part, whole)})`;

/** A small share does not look like none, and nearly all does not look like all. */
function percent(part: number, whole: number): string {
  if (part === 0 || whole === 0) return '0 %';
  const value = (100 * part) / whole;
  if (value < 1) return `${Number(value.toPrecision(2))} %`;
  return `${part < whole ? Math.min(99.9, Number(value.toFixed(1))) : 100} %`;
}
