import { parseTemplate } from './parse-template.js';
import { variablesOf, type TemplateVariable } from './read-template.js';
import type { TemplateDefinition } from './template.js';

/** A template in the outbox. */
export interface SmsTemplate {
  readonly name: string;
  /** Counts the changes, from 1. */
  readonly version: number;
  /** A text for each locale. */
  readonly texts: Readonly<Record<string, string>>;
  readonly defaultLocale: string;
  /** The variables of all texts. */
  readonly variables: readonly TemplateVariable[];
  /** Missing if there is no limit. */
  readonly maxParts?: number;
  readonly keepsLineEnds: boolean;
  /** Who made this version. */
  readonly actor: string;
  /** When the first version was made. */
  readonly createdAt: Date;
  /** When this version was made. */
  readonly changedAt: Date;
  /** Missing unless the template is archived. */
  readonly archivedAt?: Date;
}

/** What is stored of a version. */
export interface DefinitionRow {
  /** JSON. */
  readonly texts: string;
  readonly default_locale: string;
  readonly max_parts: number | null;
  readonly keeps_line_ends: boolean;
}

/** A stored version of a template. */
export interface TemplateRow extends DefinitionRow {
  readonly name: string;
  readonly version: number;
  readonly created_by: string;
  readonly created_at: Date;
  readonly changed_at: Date;
  readonly archived_at: Date | null;
}

/** Reads a version, which was checked when it was stored. */
export function definitionOf(row: DefinitionRow): TemplateDefinition {
  return {
    texts: JSON.parse(row.texts) as Record<string, string>,
    defaultLocale: row.default_locale,
    maxParts: row.max_parts ?? undefined,
    keepsLineEnds: row.keeps_line_ends,
  };
}

/** Reads a template for a person. */
export function templateOf(row: TemplateRow): SmsTemplate {
  const { texts, defaultLocale, maxParts, keepsLineEnds } = definitionOf(row);
  const { [defaultLocale]: first = '', ...others } = texts;
  const parts = [first, ...Object.values(others)].flatMap((text) => {
    const parsed = parseTemplate(text);
    return 'parts' in parsed ? parsed.parts : [];
  });
  return {
    name: row.name,
    version: row.version,
    texts,
    defaultLocale,
    variables: variablesOf(parts),
    ...(maxParts === undefined ? {} : { maxParts }),
    keepsLineEnds,
    actor: row.created_by,
    createdAt: row.created_at,
    changedAt: row.changed_at,
    ...(row.archived_at === null ? {} : { archivedAt: row.archived_at }),
  };
}
