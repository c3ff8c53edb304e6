import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiKeyGuard } from './api-key.guard.js';
import { KeyRates } from './key-rates.js';
import { WrongKeys } from './wrong-keys.js';

it('rejects requests to a route without a declared scope, also if no key is needed', async () => {
  const storedKeys = { find: () => Promise.resolve(undefined) };
  const guard = new ApiKeyGuard(new Reflector(), [], storedKeys, new KeyRates(() => 0), new WrongKeys(() => 0));
  const context = { getHandler: () => () => undefined, getClass: () => Object };
  await expect(guard.canActivate(context as unknown as ExecutionContext)).rejects.toThrow(
    new Error('The route declares no scope'),
  );
});
