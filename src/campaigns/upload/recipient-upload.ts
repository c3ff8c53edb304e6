import type { Request } from 'express';
import type { CampaignRecipient } from 'nestjs-laaffic-outbox';
import { mediaTypeOf } from '../../http/media-type.js';
import { csvRecipients } from './csv.js';
import { decode } from './decode.js';
import { ndjsonRecipients } from './ndjson.js';
import { pacedBytes } from './paced-bytes.js';
import { UploadError } from './upload.error.js';

const READERS = { 'text/csv': csvRecipients, 'application/x-ndjson': ndjsonRecipients } as const;

/** Those that are left are another campaign. */
const MOST_RECIPIENTS = 10_000_000;

/** The forms in which recipients can be uploaded. */
export type UploadType = keyof typeof READERS;

/** The recipients in the body of a request, read as far as they are asked for. */
export class RecipientUpload {
  private constructor(
    private readonly all: AsyncGenerator<CampaignRecipient, void, undefined>,
    private readonly first: CampaignRecipient,
  ) {}

  /**
   * Reads as far as the first recipient.
   * @throws {UploadError} if there is none, or this is not what it says it is.
   */
  static async open(request: Request, type: UploadType): Promise<RecipientUpload> {
    const all = READERS[type](decode(bytesOf(request)));
    const first = await all.next();
    if (first.done === true) throw new UploadError('it is empty: give recipients, one a row');
    return new RecipientUpload(all, first.value);
  }

  /**
   * To be read once.
   * @throws {UploadError} where there are too many, or it cannot be read on.
   */
  async *recipients(): AsyncGenerator<CampaignRecipient, void, undefined> {
    yield this.first;
    let count = 1;
    for await (const recipient of this.all) {
      if (++count > MOST_RECIPIENTS) throw new UploadError(`it has more than ${MOST_RECIPIENTS} recipients`);
      yield recipient;
    }
  }

  /** Reads nothing more. */
  async close(): Promise<void> {
    await this.all.return().catch(() => undefined);
  }
}

/** The body of a request. What nobody reads of it is thrown away, so that the client can finish and hear the answer. */
async function* bytesOf(request: Request): AsyncGenerator<Buffer, void, undefined> {
  try {
    // Destroyed on return, the request would take its connection, and with it the answer, along.
    yield* pacedBytes(request.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>);
  } finally {
    request.resume();
  }
}

export function uploadTypeOf(request: Request): UploadType | undefined {
  const type = mediaTypeOf(request);
  return type === undefined || !Object.hasOwn(READERS, type) ? undefined : (type as UploadType);
}
