import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');

/** A word or form that readers stumble over, and what to write instead. */
interface Banned {
  readonly form: RegExp;
  readonly instead: string;
  /** Where it means something else. */
  readonly except?: RegExp;
}

/** Forms that no fluent reader expects. */
const FORMS: readonly Banned[] = [
  { form: /\bwhom\b/i, instead: 'who, or the noun' },
  {
    form: /\b(?:no|some|every|any)body\b/i,
    instead: 'the noun: no recipient, a caller, every handler',
    // A user of the operating system.
    except: /(?:runs as|if) `?nobody\b/i,
  },
  { form: /\bwhoever\b|\bwhosoever\b/i, instead: 'the noun' },
  { form: /(?<!\bthere )\b(?:is|are|was) none\b/i, instead: 'is not a …, there is no …' },
  { form: /\bcan know\b|\bcannot be known\b/i, instead: 'the outcome is unknown' },
  { form: /\bso that \w+ (?:\w+ )?so that\b/i, instead: 'two sentences' },
  { form: /\bsaid (?:no|yes)\b|\bsays no\b/i, instead: 'returned false, rejected' },
  { form: /\bhow (?:many|manieth) .{0,20}\bit (?:was|is)\b.*\bof\b/i, instead: 'the number of …' },
  { form: /\bthe most that\b|\bthe least that\b/i, instead: 'the largest …, at most …' },
  { form: /\bnothing of (?:it|ours)\b|\ball of whom\b/i, instead: 'the noun' },
  {
    form: /, for (?:it|they|he|she|we|there|nobody|what)\b/i,
    instead: 'because',
  },
  { form: /\bor else\b(?! \{)/i, instead: 'otherwise' },
];

/** One thing, one word. */
const SYNONYMS: readonly Banned[] = [
  {
    form: /\brefus(?:e|es|ed|al|als|ing)\b/i,
    instead: 'reject',
    except: /ECONNREFUSED|connection (?:was )?refused|refuse[ds] (?:the )?connection/i,
  },
  { form: /\btr(?:y|ied|ies) again\b|\banother try\b/i, instead: 'retry' },
  {
    form: /\bsettl(?:e|es|ed|ing)\b/i,
    instead: 'resolve',
    except: /settleCurrency|settlePrice|settlePay|#settle|isSettled|allSettled|'settled'|settlement/,
  },
  { form: /\bdoubts?\b/i, instead: 'unknown outcome' },
];

const libraries = [
  'laaffic',
  'laaffic-outbox',
  'laaffic-verify',
  'laaffic-sandbox',
  'laaffic-cli',
  'embedded-postgres',
];
const folders = [
  ...['src', 'test', 'examples', 'bench', 'scripts', 'docs'],
  ...libraries.map((library) => `libs/${library}/src`),
  'libs/laaffic-outbox/sql',
  'libs/laaffic-verify/sql',
  'sql',
];
const files = [
  ...folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  ),
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md'],
  ...libraries.map((library) => `libs/${library}/README.md`),
].filter(
  (file) =>
    /\.(?:ts|mjs|md|sql)$/.test(file) &&
    !/node_modules\/|^docs\/(?:api|decisions)\/|words\.spec\.ts$|sql\/generated\.ts$/.test(file),
);

/** The lines in which a person reads words: comments, docstrings, texts, and pages without their code. */
function wordsIn(file: string): [number, string][] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const lines = text.split('\n').map((line, index): [number, string] => [index + 1, line]);
  if (file.endsWith('.md')) {
    const code = new Set<number>();
    let isCode = false;
    for (const [n, line] of lines) {
      const isFence = /^\s*```/.test(line);
      if (isCode || isFence) code.add(n);
      if (isFence) isCode = !isCode;
    }
    return lines.filter(([n]) => !code.has(n)).map(([n, line]) => [n, line.replace(/`[^`]*`/g, '')]);
  }
  if (file.endsWith('.sql')) return lines.filter(([, line]) => /^\s*--/.test(line));
  return lines.flatMap(([n, line]) => {
    const words = line.match(/\/\/.*$|^\s*\/?\*.*$|\/\*\*.*\*\/|'[^']*'|"[^"]*"|`[^`]*`/g) ?? [];
    return words.length === 0 ? [] : [[n, words.join(' ').replace(/`[^`]*`(?=.*\*)/g, '')] as [number, string]];
  });
}

it.each([...FORMS, ...SYNONYMS])('no text has the form $form: $instead', ({ form, except }) => {
  const found = files.flatMap((file) =>
    wordsIn(file)
      .filter(([, words]) => form.test(words) && except?.test(words) !== true)
      .map(([line, words]) => `${file}:${line} ${words.trim()}`),
  );
  expect(found).toEqual([]);
});

it('reads the sources, the pages and the READMEs', () => {
  const roots = [
    'src/',
    'test/',
    'bench/',
    'docs/',
    'libs/laaffic/src/',
    'libs/laaffic-sandbox/src/',
    'libs/laaffic-cli/src/',
    'libs/laaffic-outbox/src/',
    'libs/laaffic-outbox/sql/',
    'libs/laaffic-verify/src/',
    'libs/laaffic-verify/sql/',
    'libs/embedded-postgres/src/',
    'README.md',
  ];
  expect(roots.filter((root) => !files.some((file) => file.startsWith(root)))).toEqual([]);
  expect(wordsIn('docs/delivery-semantics.md').length).toBeGreaterThan(50);
  expect(wordsIn('src/main.ts').length).toBeGreaterThan(0);
});
