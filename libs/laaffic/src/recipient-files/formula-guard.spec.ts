import { assert, constantFrom, property, array } from 'fast-check';
import { guardFormulas, unguardFormulas } from './formula-guard.js';

describe('guardFormulas', () => {
  it.each([
    ['=HYPERLINK("https://evil.example","open")', `'=HYPERLINK("https://evil.example","open")`],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['  =1', "'  =1"],
    ['\t=1', "'\t'=1"],
    ['\r=1', "'\r'=1"],
    ['\nx', "'\nx"],
    ['＝1', "'＝1"],
    ['＋1', "'＋1"],
    ['－1', "'－1"],
    ['＠x', "'＠x"],
    // In a file that a spreadsheet separates at semicolons or tabs, a cell begins here.
    ['x;=1', "x;'=1"],
    ['x\t=1', "x\t'=1"],
    ['x\r\n=1', "x\r\n'=1"],
    ["'=1", "''=1"],
    ['no balance - top up; 1+1=2', 'no balance - top up; 1+1=2'],
    ["it's", "it's"],
    ['', ''],
  ])('writes %j as %j', (text, guarded) => {
    expect(guardFormulas(text)).toBe(guarded);
    expect(unguardFormulas(guarded)).toBe(text);
  });

  it('is reversed by unguardFormulas for any text', () => {
    const texts = array(constantFrom("'", '=', '+', '-', '@', '＝', ' ', '\t', '\r', '\n', ';', ',', 'x'), {
      maxLength: 8,
    });
    assert(
      property(texts, (parts) => {
        const text = parts.join('');
        expect(unguardFormulas(guardFormulas(text))).toBe(text);
        expect(guardFormulas(text)).not.toMatch(/(^|[;\t\r\n]) *[=+\-@＝]/);
      }),
      { numRuns: 5_000 },
    );
  });
});
