import { LineLogger } from './line-logger.js';

/** What forges a line, commands a terminal, or turns the direction of what follows. */
const HOSTILE =
  'no balance\n[Nest] 1  - LOG all is well\r\u001b[2K\u009b1A\u2028\u2029\u0085\u202e\u0000\u007f\u{e0001}';
const SHOWN =
  'no balance\\n[Nest] 1  - LOG all is well\\r\\u001b[2K\\u009b1A\\u2028\\u2029\\u0085\\u202e\\u0000\\u007f\\udb40\\udc01';

describe('LineLogger', () => {
  let written: string;
  beforeEach(() => {
    written = '';
    const keep = (text: string | Uint8Array) => {
      written += String(text);
      return true;
    };
    jest.spyOn(process.stdout, 'write').mockImplementation(keep);
    jest.spyOn(process.stderr, 'write').mockImplementation(keep);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it.each<[string, (logger: LineLogger) => void, number]>([
    [
      'a message',
      (logger) => {
        logger.log(HOSTILE);
      },
      1,
    ],
    [
      'a context',
      (logger) => {
        logger.warn('x', HOSTILE);
      },
      1,
    ],
    [
      'several messages',
      (logger) => {
        logger.log('x', HOSTILE, 'Context');
      },
      2,
    ],
    [
      'a field',
      (logger) => {
        logger.error({ event: 'x', reason: HOSTILE });
      },
      1,
    ],
    [
      'the name of a field',
      (logger) => {
        logger.log({ [HOSTILE]: 1 });
      },
      1,
    ],
    [
      'a field beside a message',
      (logger) => {
        logger.log('x', { reason: HOSTILE });
      },
      1,
    ],
    [
      'a list',
      (logger) => {
        logger.log([HOSTILE, 'x'.repeat(100), HOSTILE]);
      },
      1,
    ],
    [
      'an error',
      (logger) => {
        logger.error(new Error(HOSTILE));
      },
      1,
    ],
    [
      'the cause of an error',
      (logger) => {
        logger.error({ error: new Error('x', { cause: HOSTILE }) });
      },
      1,
    ],
    [
      'a map',
      (logger) => {
        logger.log(new Map([[HOSTILE, HOSTILE]]));
      },
      1,
    ],
    [
      'a message that a function returns',
      (logger) => {
        logger.log(() => HOSTILE);
      },
      1,
    ],
  ])('writes %s on a line of its own, as text and as JSON', (_, log, lines) => {
    log(new LineLogger('text'));
    const text = written;
    written = '';
    log(new LineLogger('json'));
    for (const line of [text, written]) {
      expect(line).toContain('no balance');
      expect(line).toContain('2K');
      expect(line.replace(/\n$/, '').split('\n')).toHaveLength(lines);
      // Colours of its own are all that is left on a terminal.
      expect(line.replaceAll(/\n|\p{Cc}\[[\d;]+m/gu, '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }
  });

  it('shows the original text, and keeps the values of JSON', () => {
    new LineLogger('text').log(HOSTILE);
    expect(written).toContain(SHOWN);
    written = '';
    new LineLogger('json').log({ reason: HOSTILE }, 'Context');
    expect(JSON.parse(written)).toMatchObject({ level: 'log', message: { reason: HOSTILE }, context: 'Context' });
  });

  it('keeps the lines of a stack, and puts its message on one line', () => {
    new LineLogger('text').error(
      'failed',
      `Error: ${HOSTILE}\n    at one (file.js:1:1)\n    at two (file.js:2:1)`,
      'X',
    );
    const [, ...stack] = written.split('\n');
    expect(stack).toEqual([`Error: ${SHOWN}`, '    at one (file.js:1:1)', '    at two (file.js:2:1)', '']);
  });

  it('leaves out the progress of Nest as text, but not as JSON', () => {
    new LineLogger('text').log('Mapped {/health, GET} route', 'RouterExplorer');
    expect(written).toBe('');
    new LineLogger('text').log('ready', 'Service');
    expect(written).toContain('ready');
    written = '';
    new LineLogger('json').log('Mapped {/health, GET} route', 'RouterExplorer');
    expect(JSON.parse(written)).toMatchObject({ message: 'Mapped {/health, GET} route', context: 'RouterExplorer' });
  });
});
