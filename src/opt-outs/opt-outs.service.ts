import { Injectable, UnsupportedMediaTypeException } from '@nestjs/common';
import { normalizeNumber } from 'nestjs-laaffic';
import { SmsOptOuts, type CampaignRecipient, type ListedOptOut, type OptOutFilter } from 'nestjs-laaffic-outbox';
import { actorOf } from '../common/auth/caller.js';
import { rejectQuery } from '../common/http/reject-query.js';
import type { RequestBody } from '../common/http/request-body.js';
import { RequestValidationPipe } from '../common/http/validation.pipe.js';
import { InFlightRequests } from '../common/shutdown/in-flight-requests.js';
import { uploadTypeOf, type UploadType } from '../recipients/upload/recipient-upload.js';
import { RecipientUploads } from '../recipients/upload/recipient-uploads.js';
import {
  AddOptOutDto,
  ImportOptOutsQueryDto,
  type AddedOptOutDto,
  type EndOptOutDto,
  type ImportedOptOutsDto,
  type OptOutsPageDto,
  type SearchOptOutsDto,
} from './dto/opt-out.dto.js';

const DEFAULT_LIMIT = 100;

/** Adds one opt-out from JSON, and many from CSV and NDJSON while they arrive. Ends and lists them. */
@Injectable()
export class OptOutsService {
  readonly #validation = new RequestValidationPipe();

  constructor(
    private readonly optOuts: SmsOptOuts,
    private readonly requests: InFlightRequests,
    private readonly uploads: RecipientUploads,
  ) {}

  /**
   * @throws {LaafficInputException} that names the invalid field.
   * @throws {OutboxError} a code of the database. Numbers of an import that were read before may be added.
   */
  async add(
    body: RequestBody,
    query: Readonly<Record<string, unknown>>,
    caller: string,
  ): Promise<AddedOptOutDto | ImportedOptOutsDto> {
    const type = uploadTypeOf(body);
    if (type !== undefined) return this.requests.track(this.#import(body, type, query, caller));
    if (body.mediaType !== 'application/json') {
      throw new UnsupportedMediaTypeException('Give opt-outs as application/json, text/csv or application/x-ndjson');
    }
    const fields = await body.json();
    rejectQuery(query);
    const optOut = await this.#validation.check(AddOptOutDto, 'body', fields ?? {});
    const { number, reason, senderId, actor } = optOut;
    const options = { reason, senderId: senderId ?? undefined, actor: actorOf(caller, actor) };
    return { isNew: await this.requests.track(this.optOuts.add(number, options)) };
  }

  /** @throws as {@link add}. */
  end({ number, consent, senderId, actor }: EndOptOutDto, caller: string): Promise<boolean> {
    const options = { consent, senderId: senderId ?? undefined, actor: actorOf(caller, actor) };
    return this.optOuts.end(number, options);
  }

  /** @throws as {@link add}. */
  async search({ number, after, limit }: SearchOptOutsDto): Promise<OptOutsPageDto> {
    const most = limit ?? DEFAULT_LIMIT;
    const optOuts = await this.optOuts.list({ number: number ?? undefined, after: placeOf(after), limit: most });
    const last = optOuts.length === most ? optOuts.at(-1) : undefined;
    if (last === undefined) return { optOuts };
    const { number: lastNumber, senderId } = last;
    return { optOuts, after: { number: lastNumber, ...(senderId === undefined ? {} : { senderId }) } };
  }

  /** @param isActive lists only those that are active, or only those that have ended. */
  async *all(isActive: boolean | undefined): AsyncGenerator<ListedOptOut, void, undefined> {
    for await (const optOut of this.optOuts.export()) {
      if (isActive === undefined || isActive === (optOut.endedAt === undefined)) yield optOut;
    }
  }

  async #import(
    body: RequestBody,
    type: UploadType,
    query: Readonly<Record<string, unknown>>,
    caller: string,
  ): Promise<ImportedOptOutsDto> {
    const fields = await this.#validation.check(ImportOptOutsQueryDto, 'query', query);
    const { reason, senderId, actor, numberColumn } = fields;
    const upload = { body, type, columns: { numberColumn, orderIdColumn: 'none' }, caller, field: 'numbers' };
    return this.uploads.run(upload, (recipients) =>
      this.optOuts.import(numbersOf(recipients), { reason, senderId, actor: actorOf(caller, actor) }),
    );
  }
}

/** Opt-outs are stored, and therefore compared, as digits. */
function placeOf(after: SearchOptOutsDto['after']): OptOutFilter['after'] {
  if (after == null) return undefined;
  const { number, senderId } = after;
  return { number: normalizeNumber(number) ?? number, ...(senderId === undefined ? {} : { senderId }) };
}

/** A row without a number stays in its place, so that it is counted as invalid. */
async function* numbersOf(recipients: AsyncIterable<CampaignRecipient>): AsyncGenerator<string, void, undefined> {
  for await (const recipient of recipients) {
    if (typeof recipient === 'string') yield recipient;
    else yield 'number' in recipient ? recipient.number : '';
  }
}
