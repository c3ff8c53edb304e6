import { runInNewContext } from 'node:vm';
import { exceptionOf, isLaafficException, LaafficException } from './laaffic.exception.js';
import { LOCAL_FAILURES } from './local-failures.js';
import { STATUS_TABLE } from './status-table.js';

/** Another copy of the module, as an app has that loads the package both by `import` and by `require`. */
function otherCopy(): typeof import('./laaffic.exception.js') {
  let copy: typeof import('./laaffic.exception.js') | undefined;
  jest.isolateModules(() => {
    copy = jest.requireActual('./laaffic.exception.js');
  });
  return copy!;
}

describe('isLaafficException', () => {
  it.each([...STATUS_TABLE.values(), ...Object.values(LOCAL_FAILURES)])(
    'recognizes the exception of $code',
    (failure) => {
      expect(isLaafficException(exceptionOf(failure))).toBe(true);
    },
  );

  it('recognizes an exception of another copy of the package', () => {
    const error = otherCopy().exceptionOf(LOCAL_FAILURES.timeout);
    expect(error).not.toBeInstanceOf(LaafficException);
    expect(isLaafficException(error)).toBe(true);
  });

  it('narrows the type', () => {
    const error: unknown = exceptionOf(LOCAL_FAILURES.timeout);
    expect(isLaafficException(error) && error.code).toBe('LAAFFIC_TIMEOUT');
  });

  it.each([
    ['another error', new Error('LAAFFIC_TIMEOUT')],
    ['an object with the same fields', exceptionOf(LOCAL_FAILURES.timeout).toJSON()],
    ['an error of another realm', runInNewContext('new Error()') as unknown],
    ['undefined', undefined],
    ['null', null],
    ['text', 'LaafficException'],
    ['the class', LaafficException],
  ])('rejects %s', (_, error) => {
    expect(isLaafficException(error)).toBe(false);
  });

  it('leaves the brand out of JSON and of own keys', () => {
    const error = exceptionOf(LOCAL_FAILURES.timeout);
    expect(Object.getOwnPropertySymbols(error)).toEqual([]);
    expect(JSON.stringify(error)).not.toContain('nestjs-laaffic:exception');
  });
});
