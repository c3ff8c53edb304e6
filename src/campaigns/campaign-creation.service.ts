import { Injectable, UnsupportedMediaTypeException } from '@nestjs/common';
import { invalidCommand } from 'nestjs-laaffic';
import { SmsCampaigns, type CreatedCampaign } from 'nestjs-laaffic-outbox';
import type { GrantedScopes } from '../common/auth/scopes.js';
import type { RequestBody } from '../common/http/request-body.js';
import { rejectQuery } from '../common/http/reject-query.js';
import { RequestValidationPipe } from '../common/http/validation.pipe.js';
import { InFlightRequests } from '../common/shutdown/in-flight-requests.js';
import { uploadTypeOf, type UploadType } from '../recipients/upload/recipient-upload.js';
import { RecipientUploads } from '../recipients/upload/recipient-uploads.js';
import {
  campaignHeadOf,
  CreateCampaignDto,
  unknownRecipientFields,
  UploadCampaignQueryDto,
} from './dto/create-campaign.dto.js';

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
    private readonly uploads: RecipientUploads,
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
    const fields = await this.#validation.check(UploadCampaignQueryDto, 'query', query);
    requireStart(fields, scopes);
    const upload = { body, type, columns: fields, caller: origin.actor, field: 'recipients' };
    return this.uploads.run(upload, (recipients) =>
      this.campaigns.create({ ...campaignHeadOf(fields), recipients, ...origin }),
    );
  }
}

/** @throws {ServiceException} `MISSING_SCOPE` */
function requireStart({ sendAt }: Pick<CreateCampaignDto, 'sendAt'>, scopes: GrantedScopes): void {
  if (sendAt != null) scopes.require('campaigns:start');
}
