import type { Issue, SendSms } from 'nestjs-laaffic';
import type { SqlTransaction } from '../sql-transaction.js';
import type { TemplateCache, CurrentTemplate } from '../templates/template-cache.js';
import type { TemplateValues } from '../templates/template.js';

/** Which template a message uses, and its values. */
export interface TemplateUse extends TemplateValues {
  /** The name of the template. */
  readonly name: string;
}

/** A message whose text comes from a template. */
export interface TemplatedSms extends Omit<SendSms, 'content'> {
  readonly content?: undefined;
  /** The template that the text is rendered from when the message is enqueued. */
  readonly template: TemplateUse;
}

/** A message for the outbox: with its text, as `SmsService.send` takes it, or with a template instead. */
export type OutboxSms = (SendSms & { readonly template?: undefined }) | TemplatedSms;

/** A message whose template, if it has one, has been rendered. */
export interface RenderedSms extends Pick<SendSms, 'to' | 'senderId'> {
  readonly content?: string | undefined;
  /** Why there is no text. */
  readonly textIssues?: readonly Issue[] | undefined;
}

/** Finds the texts of messages. */
export class MessageTexts {
  constructor(private readonly templates: Pick<TemplateCache, 'find'>) {}

  /**
   * @param command from any source; only its text is checked.
   * @param transaction where to read a template that is not known yet.
   * @returns the message with its text; a promise only if the template must be read.
   * @throws {OutboxError} if the database fails; the transaction's own error, unchanged.
   */
  read(command: unknown, transaction?: SqlTransaction): RenderedSms | Promise<RenderedSms> {
    const given = (typeof command === 'object' && command !== null ? command : {}) as RenderedSms & {
      readonly template?: unknown;
    };
    const { to, content, senderId, template } = given;
    const sms = { to, senderId };
    if (template === undefined) return content === undefined ? { ...sms, textIssues: [NO_TEXT] } : { ...sms, content };
    if (content !== undefined) return { ...sms, textIssues: [TWO_TEXTS] };
    const use = (typeof template === 'object' && template !== null ? template : {}) as Partial<TemplateUse>;
    const { name } = use;
    if (typeof name !== 'string') return { ...sms, textIssues: [NOT_A_NAME] };
    const found = this.templates.find(name, transaction);
    if (found instanceof Promise) return found.then((current) => ({ ...sms, ...render(current, use) }));
    return { ...sms, ...render(found, use) };
  }
}

const NO_TEXT: Issue = { field: 'content', problem: 'is missing: give either content or a template' };
const TWO_TEXTS: Issue = { field: 'template', problem: 'must not be given together with content: give one of them' };
const NOT_A_NAME: Issue = { field: 'template.name', problem: 'must be the name of a template' };
const UNKNOWN: Issue = { field: 'template.name', problem: 'is not the name of a template' };
const ARCHIVED: Issue = { field: 'template.name', problem: 'is the name of an archived template' };
const UNREADABLE: Issue = {
  field: 'template.name',
  problem: 'is the name of a template that this release cannot read',
};

function render(
  current: CurrentTemplate | undefined,
  use: Partial<TemplateUse>,
): Pick<RenderedSms, 'content' | 'textIssues'> {
  if (current === undefined) return { textIssues: [UNKNOWN] };
  if (current.isArchived) return { textIssues: [ARCHIVED] };
  if (current.template === undefined) return { textIssues: [UNREADABLE] };
  const rendered = current.template.render(use);
  if (!('issues' in rendered)) return { content: rendered.content };
  return { textIssues: rendered.issues.map(({ field, problem }) => ({ field: `template.${field}`, problem })) };
}
