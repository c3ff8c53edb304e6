import { Injectable } from '@nestjs/common';
import type { PushRequest } from './push-gate.js';
import type { PushBody } from './push.js';
import { WebhooksSettings } from './webhooks.settings.js';

/** The properties that a parser of the app sets on a request. */
interface Parsed {
  readonly rawBody?: unknown;
  readonly body?: unknown;
}

/**
 * Reads bodies byte for byte. If a parser of the app came first, reads Nest's `rawBody`, or otherwise writes the parsed
 * body again.
 */
@Injectable()
export class PushBodies {
  constructor(private readonly settings: WebhooksSettings) {}

  /** @returns `undefined` if the sender disconnected. */
  async read(request: PushRequest & Parsed): Promise<PushBody | undefined> {
    if (!request.readableDidRead) return this.#readStream(request);
    const { rawBody, body } = request;
    const known = rawBody ?? body ?? '';
    if (Buffer.isBuffer(known)) return this.#truncate(known, charsetOf(request));
    if (typeof known === 'string') return this.#truncate(Buffer.from(known));
    return { ...this.#truncate(Buffer.from(JSON.stringify(known))), parsed: { value: known } };
  }

  /** By events, because iterating costs three times as much. */
  #readStream(request: PushRequest): Promise<PushBody | undefined> {
    const { maxBodyBytes } = this.settings;
    const chunks: Buffer[] = [];
    let length = 0;
    return new Promise((resolve) => {
      request.on('data', (bytes: Buffer) => {
        // Read to the end even if it is too long: a client that is still sending does not read a response.
        if (length <= maxBodyBytes) chunks.push(bytes);
        length += bytes.length;
      });
      request.on('end', () => {
        const bytes = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
        resolve(this.#truncate(bytes, charsetOf(request)));
      });
      const onDisconnect = () => {
        resolve(undefined);
      };
      request.on('error', onDisconnect).on('close', onDisconnect);
    });
  }

  #truncate(bytes: Buffer, charset?: string): PushBody {
    const { maxBodyBytes } = this.settings;
    const isTooLong = bytes.length > maxBodyBytes;
    return { bytes: isTooLong ? bytes.subarray(0, maxBodyBytes) : bytes, isTooLong, charset };
  }
}

function charsetOf({ headers }: PushRequest): string | undefined {
  return /;\s*charset="?([^";\s]+)/i.exec(headers['content-type'] ?? '')?.[1];
}
