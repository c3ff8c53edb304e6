import { Injectable, RequestTimeoutException, UnsupportedMediaTypeException } from '@nestjs/common';
import { invalidCommand } from 'nestjs-laaffic';
import { OutboxError, type CampaignRecipient } from 'nestjs-laaffic-outbox';
import { RecipientFileError } from 'nestjs-laaffic/recipient-files';
import type { RequestBody } from '../../common/http/request-body.js';
import { RecipientUpload, type UploadColumns, type UploadType } from './recipient-upload.js';
import { UploadSlots } from './upload-slots.js';

/** An upload that has not been read yet. */
export interface UnreadUpload {
  readonly body: RequestBody;
  readonly type: UploadType;
  readonly columns: UploadColumns;
  /** The name of the API key. */
  readonly caller: string;
  /** What an error calls the uploaded entries. */
  readonly field: string;
}

/** Reads uploads, a limited number at once. */
@Injectable()
export class RecipientUploads {
  constructor(private readonly slots: UploadSlots) {}

  /**
   * @param consume reads the recipients, once.
   * @throws {LaafficInputException} that names what is wrong with the upload, and its line.
   * @throws {ServiceException} `TOO_MANY_UPLOADS`
   * @throws {HttpException} 408 if it is too slow, 415 if it is compressed.
   */
  async run<T>(
    { body, type, columns, caller, field }: UnreadUpload,
    consume: (recipients: AsyncGenerator<CampaignRecipient, void, undefined>) => Promise<T>,
  ): Promise<T> {
    if (body.isCompressed) throw new UnsupportedMediaTypeException('Upload it as it is, without Content-Encoding');
    try {
      return await this.slots.run(caller, async () => {
        const upload = await RecipientUpload.open(body, type, columns);
        try {
          return await consume(upload.recipients());
        } finally {
          await upload.close();
        }
      });
    } catch (error) {
      throw toInputError(error, field);
    }
  }
}

/** Turns an error of an upload that the caller can correct into an input error. */
function toInputError(error: unknown, field: string): unknown {
  const cause = error instanceof OutboxError ? error.cause : error;
  if (cause instanceof RequestTimeoutException) return cause;
  if (!(cause instanceof RecipientFileError)) return error;
  const { message, choice } = cause;
  if (choice !== undefined) {
    return invalidCommand([{ field: choice, problem: `must be given in the query: ${message}` }]);
  }
  return invalidCommand([{ field, problem: `cannot be read: ${message}` }]);
}
