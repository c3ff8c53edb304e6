import { HttpStatus, Injectable } from '@nestjs/common';
import { retryAfter, ServiceException } from '../../common/errors/service.exception.js';

/** How many uploads run at once. Each may hold some megabytes, and a place among the writers to the database. */
const MAX_UPLOADS = 16;
/** How many uploads of one caller run at once, so that there is room for others. */
const MAX_UPLOADS_PER_CALLER = 4;
const RETRY_AFTER_SECONDS = 10;

/** Limits how many uploads run at once, in the process and per caller. */
@Injectable()
export class UploadSlots {
  readonly #taken = new Map<string, number>();
  #total = 0;

  /**
   * Runs an upload if there is a slot for it.
   * @param caller the name of the API key. Without keys all callers are one.
   * @throws {ServiceException} 429 if the caller has too many uploads in progress, 503 if all callers together have.
   */
  async run<T>(caller: string, upload: () => Promise<T>): Promise<T> {
    const taken = this.#taken.get(caller) ?? 0;
    if (taken >= MAX_UPLOADS_PER_CALLER) {
      throw rejection(
        HttpStatus.TOO_MANY_REQUESTS,
        `A caller may have ${MAX_UPLOADS_PER_CALLER} uploads in progress: wait for one of them to end`,
      );
    }
    if (this.#total >= MAX_UPLOADS) {
      throw rejection(HttpStatus.SERVICE_UNAVAILABLE, 'Too many uploads are in progress: retry later');
    }
    this.#total++;
    this.#taken.set(caller, taken + 1);
    try {
      return await upload();
    } finally {
      this.#total--;
      const left = (this.#taken.get(caller) ?? 1) - 1;
      if (left > 0) this.#taken.set(caller, left);
      else this.#taken.delete(caller);
    }
  }
}

function rejection(statusCode: number, message: string): ServiceException {
  return new ServiceException(statusCode, message, {
    code: 'TOO_MANY_UPLOADS',
    headers: retryAfter(RETRY_AFTER_SECONDS),
  });
}
