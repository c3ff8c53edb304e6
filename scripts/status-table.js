import { STATUS_TABLE } from 'nestjs-laaffic';

const HTTP_EXCEPTIONS = {
  400: '400 BadRequest',
  404: '404 NotFound',
  409: '409 Conflict',
  422: '422 UnprocessableEntity',
  429: '429 with `Retry-After`',
  502: '502 BadGateway',
  503: '503 ServiceUnavailable',
};

/** The gateway's statuses as a Markdown table, from the one table in the code. */
export function statusTable() {
  const rows = [...STATUS_TABLE].map(
    ([status, { code, kind, outcome, http, advice }]) =>
      `| ${status} | \`${code}\` | ${kind} | ${outcome} | ${HTTP_EXCEPTIONS[http]} | ${advice} |`,
  );
  return [
    '| status | code | kind | outcome | HTTP exception | what to do |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

const BEGIN = '<!-- status table: written by `npm run docs:statuses` -->';
const END = '<!-- end of status table -->';

/** The document with the table in it brought up to date. */
export function withStatusTable(markdown) {
  const [before, rest] = markdown.split(BEGIN);
  const [, after] = (rest ?? '').split(END);
  if (after === undefined) throw new Error(`The document has no place for the table: ${BEGIN} … ${END}`);
  return `${before}${BEGIN}\n\n${statusTable()}\n\n${END}${after}`;
}
