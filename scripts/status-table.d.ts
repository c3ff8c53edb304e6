/** The gateway's statuses as a Markdown table. */
export function statusTable(): string;
/** The document with the table in it brought up to date. */
export function withStatusTable(markdown: string): string;
