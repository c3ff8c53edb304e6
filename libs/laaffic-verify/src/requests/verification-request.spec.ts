import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { httpRequestOf } from './verification-request.js';

it('is the request of an HTTP context', () => {
  const request = { headers: {}, socket: {} };
  expect(httpRequestOf(new ExecutionContextHost([request, {}]), '@ClientSource()')).toBe(request);
});

it.each(['rpc', 'ws', 'graphql'])('is an error in the context %s', (type) => {
  const context = new ExecutionContextHost([{}]);
  context.setType(type);
  expect(() => httpRequestOf(context, '@VerifiedNumber()')).toThrow('@VerifiedNumber() works in HTTP controllers only');
});
