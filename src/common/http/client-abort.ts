import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { nodeResponse } from './node-http.js';

/** A signal that aborts when the response is closed: it was sent, or the client has disconnected. */
export const ClientAbort = createParamDecorator((_: unknown, context: ExecutionContext): AbortSignal => {
  const response = nodeResponse(context);
  const controller = new AbortController();
  if (response.closed) controller.abort();
  else {
    response.once('close', () => {
      controller.abort();
    });
  }
  return controller.signal;
});
