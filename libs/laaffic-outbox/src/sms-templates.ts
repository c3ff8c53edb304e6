import { Injectable } from '@nestjs/common';
import { invalidCommand, segments, type Issue, type SmsSegments } from 'nestjs-laaffic';
import { OutboxError } from './errors/outbox.error.js';
import { checkText } from './messages/command-checks.js';
import { archiveTemplate, findTemplate, listTemplates, putTemplate } from './sql/generated.js';
import type { OutboxStore } from './store/outbox-store.js';
import { readTemplate, type NewTemplate } from './templates/read-template.js';
import { definitionOf, templateOf, type SmsTemplate, type TemplateRow } from './templates/stored-template.js';
import { Template, type RenderedText, type TemplateValues } from './templates/template.js';

/** Who changes a template. */
export interface TemplateChangeOptions {
  /** For the history: 1 to 255 characters. */
  readonly actor: string;
}

/** What `put` has done. */
export interface PutTemplate {
  /** The current version, from 1. */
  readonly version: number;
  /** `false` if nothing differs from the current version. */
  readonly isNew: boolean;
}

/** Which templates to list. */
export interface TemplateFilter {
  /**
   * Whether to list archived templates too.
   * @default false
   */
  readonly includesArchived?: boolean | undefined;
  /** Lists only templates after this one: the last name of the previous page. */
  readonly after?: string | undefined;
  /**
   * The maximum number of templates, at most 100.
   * @default 100
   */
  readonly limit?: number | undefined;
}

/** A text as it would be sent. */
export interface TemplatePreview extends RenderedText {
  /** The version of the template. */
  readonly version: number;
  /** How the text is divided into the parts of an SMS. */
  readonly segments: SmsSegments;
}

const LARGEST_PAGE = 100;
/** It can be a part of a path. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/**
 * Keeps texts with variables, by name and language, for the messages of `SmsOutbox`.
 * @example
 * await templates.put(
 *   'order-sent',
 *   {
 *     texts: { en: 'Hello {{name|friend}}, order {{order}} is on its way', de: 'Bestellung {{order}} ist unterwegs' },
 *     defaultLocale: 'en',
 *     maxParts: 1,
 *   },
 *   { actor: 'alice' },
 * );
 * await outbox.enqueue({ to: '6512345678', template: { name: 'order-sent', vars: { order: 7 }, locale: 'de-AT' } });
 */
@Injectable()
export class SmsTemplates {
  constructor(private readonly store: Pick<OutboxStore, 'account' | 'callers' | 'readers' | 'listener'>) {}

  /**
   * Stores a template. If it differs from the current version, or is archived, this makes a new version, which messages
   * use from now on; other processes follow within 5 seconds at most. Stored messages keep their texts.
   * @param name 1 to 100 letters, digits, `.`, `_` and `-`, after a letter or digit. Upper and lower case differ.
   * @throws {LaafficInputException} naming each wrong field, with the place in a text; nothing was stored.
   * @throws {OutboxError} if the database fails.
   */
  async put(name: string, template: NewTemplate, options: TemplateChangeOptions): Promise<PutTemplate> {
    const { actor, issues } = readChange(name, options);
    const read = readTemplate(template);
    if ('issues' in read) throw invalidCommand([...issues, ...read.issues]);
    if (issues.length > 0) throw invalidCommand(issues);
    const { texts, defaultLocale, maxParts, keepsLineEnds } = read.definition;
    const { account, callers } = this.store;
    const [put] = await callers.run(putTemplate, {
      account,
      name,
      texts: JSON.stringify(texts),
      defaultLocale,
      maxParts: maxParts ?? null,
      keepsLineEnds,
      actor,
    });
    this.#forget();
    return { version: put?.version ?? 0, isNew: put?.is_new === true };
  }

  /**
   * Returns a template, or `undefined` if there is no template with this name or version. Archived templates are found.
   * @param version the version to return. @default the current one
   */
  async find(name: string, version?: number): Promise<SmsTemplate | undefined> {
    const row = await this.#read(name, version);
    return row === undefined ? undefined : templateOf(row);
  }

  /**
   * Lists the current versions of templates, by name.
   * @throws {LaafficInputException} naming each wrong field.
   */
  async list(filter: TemplateFilter = {}): Promise<SmsTemplate[]> {
    const { includesArchived = false, after = '', limit = LARGEST_PAGE } = filter;
    const isLimit = Number.isInteger(limit) && limit >= 1 && limit <= LARGEST_PAGE;
    const issues = [
      ...(typeof includesArchived === 'boolean'
        ? []
        : [{ field: 'includesArchived', problem: 'must be true or false' }]),
      ...(after === '' || isName(after) ? [] : [{ field: 'after', problem: 'must be the name of a template' }]),
      ...(isLimit ? [] : [{ field: 'limit', problem: `must be a whole number from 1 to ${LARGEST_PAGE}` }]),
    ];
    if (issues.length > 0) throw invalidCommand(issues);
    const { account, readers } = this.store;
    return (await readers.run(listTemplates, { account, includesArchived, after, limit })).map(templateOf);
  }

  /**
   * Archives a template: new messages cannot use it. Stored messages are sent. `put` makes it usable again.
   * @returns `false` if it was archived before.
   * @throws {LaafficInputException} naming each wrong field.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`.
   */
  async archive(name: string, options: TemplateChangeOptions): Promise<boolean> {
    const { actor, issues } = readChange(name, options);
    if (issues.length > 0) throw invalidCommand(issues);
    const { account, callers } = this.store;
    const [archived] = await callers.run(archiveTemplate, { account, name, actor });
    this.#forget();
    if (archived?.changed === undefined || archived.changed === null) throw notFound();
    return archived.changed;
  }

  /**
   * Renders the current version of a template, also an archived one, as a message would. Stores and sends nothing.
   * @returns the text, and the locale and version that it comes from.
   * @throws {LaafficInputException} naming each wrong field, such as `vars.name` without a value.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`.
   * @example
   * const { content, segments } = await templates.preview('order-sent', { vars: { order: 7 }, locale: 'de-AT' });
   */
  async preview(name: string, values: TemplateValues = {}): Promise<TemplatePreview> {
    const row = await this.#read(name);
    const template = row === undefined ? undefined : Template.of(definitionOf(row));
    if (row === undefined || template === undefined) throw notFound();
    const rendered = template.render(values);
    if ('issues' in rendered) throw invalidCommand(rendered.issues);
    return { ...rendered, version: row.version, segments: segments(rendered.content) };
  }

  async #read(name: unknown, version?: number): Promise<TemplateRow | undefined> {
    if (!isName(name) || (version !== undefined && !isVersion(version))) return undefined;
    const { account, readers } = this.store;
    const [row] = await readers.run(findTemplate, { account, name, version: version ?? null });
    return row;
  }

  /** This process notices at once, even if the server sends no notifications. */
  #forget(): void {
    this.store.listener.emit('template', this.store.account);
  }
}

function readChange(name: unknown, options: unknown): { readonly actor: string; readonly issues: readonly Issue[] } {
  const { actor } = (typeof options === 'object' && options !== null ? options : {}) as { readonly actor?: unknown };
  const issues = [...(isName(name) ? [] : [{ field: 'name', problem: NAME_RULE }]), ...checkText('actor', actor)];
  return { actor: actor as string, issues };
}

const NAME_RULE = 'must be 1 to 100 letters, digits, ., _ and -, after a letter or digit';

function isName(name: unknown): name is string {
  return typeof name === 'string' && NAME.test(name);
}

function isVersion(version: number): boolean {
  return Number.isInteger(version) && version >= 1 && version <= 2_147_483_647;
}

function notFound(): OutboxError {
  return new OutboxError('OUTBOX_NOT_FOUND', 'There is no template with this name');
}
