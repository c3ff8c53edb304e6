import { HELP, requestedText } from './help.js';

it.each([[[]], [['help']], [['--help']], [['bulk', '-h']], [['send', '--wrong', '--help']]])(
  'requestedText returns the help for %j',
  (argv) => {
    expect(requestedText(argv, '1.2.3')).toBe(HELP);
  },
);

it('requestedText returns the version for --version, and nothing for a command', () => {
  expect(requestedText(['--version'], '1.2.3')).toBe('1.2.3\n');
  expect(requestedText(['reports', '--', '--help'], '1.2.3')).toBeUndefined();
});
