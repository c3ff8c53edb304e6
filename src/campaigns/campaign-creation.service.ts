import { Injectable, RequestTimeoutException, UnsupportedMediaTypeException } from '@nestjs/common';
import { invalidCommand } from 'nestjs-laaffic';
import { OutboxError, SmsCampaigns, type CreatedCampaign } from 'nestjs-laaffic-outbox';
import { RecipientFileError } from 'nestjs-laaffic/recipient-files';
import type { GrantedScopes } from '../common/auth/scopes.js';
import type { RequestBody } from '../common/http/request-body.js';
import { RequestValidationPipe } from '../common/http/validation.pipe.js';
import { InFlightRequests } from '../common/shutdown/in-flight-requests.js';
import {
  campaignHeadOf,
  CreateCampaignDto,
  unknownRecipientFields,
  UploadCampaignQueryDto,
} from './dto/create-campaign.dto.js';
import { RecipientUpload, uploadTypeOf, type UploadType } from './upload/recipient-upload.js';
import { UploadSlots } from './upload/upload-slots.js';

/** Who creates a campaign, and with which key. */
export interface CampaignOrigin {
  /** Who creates the campaign, for the history. */
  readonly actor: string;
  readonly idempotencyKey: string | undefined;
}

/** Creates campaigns: from JSON as a whole, from CSV and NDJSON while they arrive. */
@Injectable()
export class CampaignCreationService {
  readonly #validation = new RequestValidationPipe();

  constructor(
    private readonly campaigns: SmsCampaigns,
    private readonly requests: InFlightRequests,
    private readonly slots: UploadSlots,
  ) {}

  /**
   * @param scopes those of the caller: a campaign with `sendAt` starts by itself, so it needs `campaigns:start` too.
   * @throws {ServiceException} `MISSING_SCOPE`
   * @throws {LaafficInputException} that names the invalid field, and the line of an upload.
   * @throws {OutboxError} as `SmsCampaigns.create` does; `OUTBOX_SOURCE_FAILED` if the client disconnected.
   */
  async create(
    body: RequestBody,
    query: Readonly<Record<string, unknown>>,
    origin: CampaignOrigin,
    scopes: GrantedScopes,
  ): Promise<CreatedCampaign> {
    const type = uploadTypeOf(body);
    if (type !== undefined) return this.requests.track(this.#upload(body, type, query, origin, scopes));
    if (body.mediaType !== 'application/json') {
      throw new UnsupportedMediaTypeException(
        'Give the recipients as application/json, text/csv or application/x-ndjson',
      );
    }
    const fields = await body.json();
    rejectQuery(query);
    const campaign = await this.#validation.check(CreateCampaignDto, 'body', fields ?? {});
    requireStart(campaign, scopes);
    const { recipients } = campaign;
    const issues = unknownRecipientFields(recipients);
    if (issues.length > 0) throw invalidCommand(issues);
    return this.requests.track(this.campaigns.create({ ...campaignHeadOf(campaign), recipients, ...origin }));
  }

  async #upload(
    body: RequestBody,
    type: UploadType,
    query: Readonly<Record<string, unknown>>,
    origin: CampaignOrigin,
    scopes: GrantedScopes,
  ): Promise<CreatedCampaign> {
    try {
      if (body.isCompressed) {
        throw new UnsupportedMediaTypeException('Upload it as it is, without Content-Encoding');
      }
      const fields = await this.#validation.check(UploadCampaignQueryDto, 'query', query);
      requireStart(fields, scopes);
      return await this.slots.run(origin.actor, async () => {
        const upload = await RecipientUpload.open(body, type, fields);
        try {
          const recipients = upload.recipients();
          return await this.campaigns.create({ ...campaignHeadOf(fields), recipients, ...origin });
        } finally {
          await upload.close();
        }
      });
    } catch (error) {
      throw toInputError(error);
    }
  }
}

/** @throws {ServiceException} `MISSING_SCOPE` */
function requireStart({ sendAt }: Pick<CreateCampaignDto, 'sendAt'>, scopes: GrantedScopes): void {
  if (sendAt != null) scopes.require('campaigns:start');
}

/** @throws {LaafficInputException} if there is a query. */
function rejectQuery(query: Readonly<Record<string, unknown>>): void {
  const issues = Object.keys(query).map((field) => ({
    field,
    problem: 'must be in the body, if that is JSON, not in the query',
  }));
  if (issues.length > 0) throw invalidCommand(issues);
}

/** Turns an error of an upload that the caller can correct into an input error. */
function toInputError(error: unknown): unknown {
  const cause = error instanceof OutboxError ? error.cause : error;
  if (cause instanceof RequestTimeoutException) return cause;
  if (!(cause instanceof RecipientFileError)) return error;
  const { message, choice } = cause;
  if (choice !== undefined) {
    return invalidCommand([{ field: choice, problem: `must be given in the query: ${message}` }]);
  }
  return invalidCommand([{ field: 'recipients', problem: `cannot be read: ${message}` }]);
}
