import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HELP } from './cli/help.js';
import { DEFAULT_SETTINGS } from './options/sandbox-options.js';
import { DEFAULT_QUIRKS } from './options/sandbox-quirks.js';
import { STEP_CHECKS, FIELDS_OF_FAULT } from './state/script/check-step.js';

const readme = readFileSync(join(__dirname, '../README.md'), 'utf8');

/** The names in the first column of the table that has this heading. */
function firstColumn(heading: string): string[] {
  const [, rows = ''] = new RegExp(`^\\| ${heading} .*\\n\\| -.*\\n((?:\\|.*\\n)+)`, 'm').exec(readme) ?? [];
  const cells = rows.split('\n').map((row) => row.split('|')[1] ?? '');
  return cells.flatMap((cell) => [...cell.replace(/\(.*\)/, '').matchAll(/`([^`]+)`/g)].map(([, name]) => name!));
}

describe('the README', () => {
  it('names every option', () => {
    expect(firstColumn('option').sort()).toEqual(Object.keys(DEFAULT_SETTINGS).sort());
  });

  it('names every quirk with its default', () => {
    expect(firstColumn('quirk')).toEqual(Object.keys(DEFAULT_QUIRKS));
    for (const [name, value] of Object.entries(DEFAULT_QUIRKS)) {
      const [, shown = ''] = new RegExp(`^\\| \`${name}\`[^|]*\\| \`([^\`]+)\``, 'm').exec(readme) ?? [];
      const json = shown.replaceAll("'", '"').replaceAll(', ', ',');
      expect({ [name]: json }).toEqual({ [name]: JSON.stringify(value) });
    }
  });

  it('names every field of a script step but those of single faults', () => {
    const ofFaults = new Set<string>(Object.values(FIELDS_OF_FAULT).flat());
    const others = Object.keys(STEP_CHECKS).filter((field) => field === 'httpStatus' || !ofFaults.has(field));
    expect(firstColumn('field').slice(0, others.length).sort()).toEqual(others.sort());
  });

  it('names every fault', () => {
    expect(firstColumn('fault')).toEqual(Object.keys(FIELDS_OF_FAULT));
  });

  it('shows the flags of the help', () => {
    const [flags = ''] = /^ {2}-p, --port[^]*--version.*\n/m.exec(HELP) ?? [];
    expect(flags).not.toBe('');
    expect(readme).toContain(flags);
  });
});
