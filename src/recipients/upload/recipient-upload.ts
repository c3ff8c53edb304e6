import type { CampaignRecipient } from 'nestjs-laaffic-outbox';
import { readRecipientFile, RecipientFileError } from 'nestjs-laaffic/recipient-files';
import type { RequestBody } from '../../common/http/request-body.js';
import { pacedBytes } from './paced-bytes.js';

const FORMATS = { 'text/csv': 'csv', 'application/x-ndjson': 'ndjson' } as const;

/** More recipients need another campaign. */
const MAX_RECIPIENTS = 10_000_000;

/** The media types of uploads. */
export type UploadType = keyof typeof FORMATS;

/** The columns or fields that hold numbers and order ids: by name, or in CSV by place. */
export interface UploadColumns {
  readonly numberColumn?: string | undefined;
  readonly orderIdColumn?: string | undefined;
}

/** The recipients in the body of a request, read only as far as they are consumed. */
export class RecipientUpload {
  private constructor(
    private readonly all: AsyncGenerator<CampaignRecipient, void, undefined>,
    private readonly first: CampaignRecipient,
  ) {}

  /**
   * Reads the first recipient.
   * @throws {RecipientFileError} if there is none, or the body does not have the format of its media type.
   */
  static async open(body: RequestBody, type: UploadType, columns: UploadColumns): Promise<RecipientUpload> {
    const { numberColumn, orderIdColumn } = columns;
    const options = { numberColumn, orderIdColumn, format: FORMATS[type], encoding: body.charset };
    const all = readRecipientFile(bytesOf(body), options);
    const first = await all.next();
    if (first.done === true) throw new RecipientFileError('it is empty: give recipients, one a row');
    return new RecipientUpload(all, first.value);
  }

  /**
   * All recipients. They can be read once.
   * @throws {RecipientFileError} if there are too many, or the rest cannot be read.
   */
  async *recipients(): AsyncGenerator<CampaignRecipient, void, undefined> {
    yield this.first;
    let count = 1;
    for await (const recipient of this.all) {
      if (++count > MAX_RECIPIENTS) throw new RecipientFileError(`it has more than ${MAX_RECIPIENTS} recipients`);
      yield recipient;
    }
  }

  /** Stops reading. */
  async close(): Promise<void> {
    await this.all.return().catch(() => undefined);
  }
}

async function* bytesOf(body: RequestBody): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* pacedBytes(body.bytes());
  } finally {
    body.discardRest();
  }
}

/** The media type of an upload; `undefined` for other bodies. */
export function uploadTypeOf({ mediaType: type }: RequestBody): UploadType | undefined {
  return type === undefined || !Object.hasOwn(FORMATS, type) ? undefined : (type as UploadType);
}
