import { STATUS_CODES } from 'node:http';
import { HttpException, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import type { LaafficErrorBody } from 'nestjs-laaffic';

/** Each upload may hold some megabytes, and a place in the line of those that write to the database. */
const MOST_UPLOADS = 16;
/** So that one caller leaves room for others. */
const MOST_OF_A_CALLER = 4;
/** In seconds. */
const RETRY_AFTER = 10;

/** Bounds how many uploads run at once, in the process and by caller. */
@Injectable()
export class UploadSlots {
  readonly #taken = new Map<string, number>();
  #all = 0;

  /**
   * @returns what is done, when there is a slot for it.
   * @throws {HttpException} 429 if the caller has too many uploads under way, 503 if all callers have.
   */
  async within<T>(request: Request, upload: () => Promise<T>): Promise<T> {
    const caller = callerOf(request);
    const taken = this.#taken.get(caller) ?? 0;
    if (taken >= MOST_OF_A_CALLER || this.#all >= MOST_UPLOADS) {
      request.res?.setHeader('Retry-After', String(RETRY_AFTER));
      if (taken < MOST_OF_A_CALLER) throw refusal(503, 'Too many uploads are under way: try again later');
      throw refusal(429, `A caller may have ${MOST_OF_A_CALLER} uploads under way: wait for one of them to end`);
    }
    this.#all++;
    this.#taken.set(caller, taken + 1);
    try {
      return await upload();
    } finally {
      this.#all--;
      const left = (this.#taken.get(caller) ?? 1) - 1;
      if (left > 0) this.#taken.set(caller, left);
      else this.#taken.delete(caller);
    }
  }
}

/** The key that the caller was let in with; without keys all callers are one. */
function callerOf({ headers }: Request): string {
  return (headers.authorization ?? '').replace(/^\S+\s+/, '');
}

/** Surely nothing was done, also where the status is one of the service's own troubles. */
function refusal(statusCode: number, message: string): HttpException {
  const error = STATUS_CODES[statusCode] ?? 'Error';
  const body: LaafficErrorBody = { statusCode, message, error, code: 'TOO_MANY_UPLOADS', outcome: 'rejected' };
  return new HttpException(body, statusCode);
}
