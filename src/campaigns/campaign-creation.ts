import { Injectable, RequestTimeoutException, UnsupportedMediaTypeException } from '@nestjs/common';
import type { Request } from 'express';
import { invalidCommand } from 'nestjs-laaffic';
import { OutboxError, SmsCampaigns, type CreatedCampaign, type NewCampaign } from 'nestjs-laaffic-outbox';
import { readJsonBody } from '../http/json-body.js';
import { liftBodyLimit } from '../http/limited-server.js';
import { mediaTypeOf } from '../http/media-type.js';
import { RequestsUnderWay } from '../shutdown/requests-under-way.js';
import { readJsonCampaign, readQueryCampaign } from './new-campaign.js';
import { RecipientUpload, uploadTypeOf, type UploadType } from './upload/recipient-upload.js';
import { UploadError } from './upload/upload.error.js';
import { UploadSlots } from './upload/upload-slots.js';

/** Creates campaigns from requests: JSON as a whole, CSV and NDJSON as they come in. */
@Injectable()
export class CampaignCreation {
  constructor(
    private readonly campaigns: SmsCampaigns,
    private readonly underWay: RequestsUnderWay,
    private readonly slots: UploadSlots,
  ) {}

  /**
   * @param actor who creates it, for the history.
   * @throws {LaafficInputException} naming what is wrong, with the line of an upload.
   * @throws {OutboxError} as `SmsCampaigns.create` does; `OUTBOX_SOURCE_FAILED` if the client went away.
   */
  async create(request: Request, idempotencyKey: string | undefined, actor: string): Promise<CreatedCampaign> {
    const type = uploadTypeOf(request);
    if (type !== undefined) return this.underWay.track(this.#upload(request, type, { idempotencyKey, actor }));
    if (mediaTypeOf(request) !== 'application/json') {
      throw new UnsupportedMediaTypeException(
        'Give the recipients as application/json, text/csv or application/x-ndjson',
      );
    }
    const campaign = readJsonCampaign(await readJsonBody(request), request.query);
    return this.underWay.track(this.campaigns.create({ ...campaign, idempotencyKey, actor }));
  }

  async #upload(
    request: Request,
    type: UploadType,
    origin: Pick<NewCampaign, 'idempotencyKey' | 'actor'>,
  ): Promise<CreatedCampaign> {
    try {
      if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') {
        throw new UnsupportedMediaTypeException('Upload it as it is, without Content-Encoding');
      }
      const head = readQueryCampaign(request.query);
      return await this.slots.within(request, async () => {
        liftBodyLimit(request);
        const upload = await RecipientUpload.open(request, type);
        try {
          return await this.campaigns.create({ ...head, recipients: upload.recipients(), ...origin });
        } finally {
          await upload.close();
        }
      });
    } catch (error) {
      throw mended(error);
    }
  }
}

/** What is wrong with an upload is the caller's to mend, and said like anything else that is wrong. */
function mended(error: unknown): unknown {
  const cause = error instanceof OutboxError ? error.cause : error;
  if (cause instanceof RequestTimeoutException) return cause;
  if (!(cause instanceof UploadError)) return error;
  return invalidCommand([{ field: 'recipients', problem: `cannot be read: ${cause.message}` }]);
}
