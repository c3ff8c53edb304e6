import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { map, type Observable } from 'rxjs';

export interface ReplyHead {
  /** @default the status of the route */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** What a handler returns when the status or the headers depend on the result. */
export class Reply<Body> {
  constructor(
    readonly body: Body,
    readonly head: ReplyHead,
  ) {}
}

/** Sends the status and the headers of a {@link Reply} through Nest's HTTP adapter. */
@Injectable()
export class ReplyInterceptor implements NestInterceptor {
  constructor(private readonly adapters: HttpAdapterHost) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next
      .handle()
      .pipe(map((result: unknown) => (result instanceof Reply ? this.#send(context, result) : result)));
  }

  #send(context: ExecutionContext, { body, head }: Reply<unknown>): unknown {
    const { httpAdapter } = this.adapters;
    const response = context.switchToHttp().getResponse<unknown>();
    if (head.status !== undefined) httpAdapter.status(response, head.status);
    for (const [name, value] of Object.entries(head.headers ?? {})) {
      if (value !== undefined) httpAdapter.setHeader(response, name, value);
    }
    return body;
  }
}
