import 'reflect-metadata';
import type { CanActivate } from '@nestjs/common';
import { VerificationOptionsError } from '../errors/verification.error.js';
import { VerifyHttpSettings } from './verify-http.options.js';

class ApiKeyGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

it('has defaults', () => {
  const { session, ...visitor } = new VerifyHttpSettings({ caller: 'visitor', purposes: ['sign-up'] });
  expect(visitor).toEqual({ caller: 'visitor', path: 'verifications', purposes: ['sign-up'], guards: [] });
  expect(session({})).toBeUndefined();
  const backend = new VerifyHttpSettings({ caller: 'backend', guards: [ApiKeyGuard] });
  expect(backend).toMatchObject({ caller: 'backend', path: 'verifications', guards: [ApiKeyGuard] });
  expect(backend.purposes).toBeUndefined();
});

const NO_PURPOSES = 'purposes must be a list of at least one purpose';
const NO_GUARDS = 'guards must have at least one guard: a caller can send messages and read numbers';
it.each<[string, unknown, string[]]>([
  ['no options', undefined, ['options must be an object', "caller must be 'visitor' or 'backend'", NO_PURPOSES]],
  ['an unknown caller', { caller: 'anyone', purposes: ['a'] }, ["caller must be 'visitor' or 'backend'"]],
  ['visitors without purposes', { caller: 'visitor' }, [NO_PURPOSES]],
  ['visitors with an empty list of purposes', { caller: 'visitor', purposes: [] }, [NO_PURPOSES]],
  ['purposes that are a text', { caller: 'visitor', purposes: 'sign-up' }, [NO_PURPOSES]],
  [
    'an impossible purpose',
    { caller: 'visitor', purposes: ['a', ''] },
    ['purposes[1] must be 1 to 64 letters, digits, hyphens, underscores, dots or colons'],
  ],
  ['a backend without guards', { caller: 'backend' }, [NO_GUARDS]],
  ['a backend with an empty list of guards', { caller: 'backend', guards: [] }, [NO_GUARDS]],
  [
    'a class that is not a guard',
    { caller: 'backend', guards: [class NoGuard extends Date {}] },
    ['guards must be a list of guards'],
  ],
  ['a guard that is missing', { caller: 'backend', guards: [undefined] }, ['guards must be a list of guards']],
  ['guards that are no list', { caller: 'backend', guards: ApiKeyGuard }, ['guards must be a list of guards']],
  ['a session that is a text', { caller: 'visitor', purposes: ['a'], session: 's' }, ['session must be a function']],
  [
    'a session of a backend',
    { caller: 'backend', guards: [new ApiKeyGuard()], session: () => 's' },
    ['session is not an option; known options: caller, path, purposes, guards, imports'],
  ],
  [
    'a path with a parameter',
    { caller: 'visitor', purposes: ['a'], path: ':tenant' },
    ['path must be segments of letters, digits, -, _, . and ~'],
  ],
])('rejects %s', (_, options, problems) => {
  const message = `Invalid options of LaafficVerifyHttpModule: ${problems.join('; ')}`;
  expect(() => new VerifyHttpSettings(options)).toThrow(
    new VerificationOptionsError(problems, 'LaafficVerifyHttpModule'),
  );
  expect(() => new VerifyHttpSettings(options)).toThrow(message);
});
