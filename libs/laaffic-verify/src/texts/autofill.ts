import { segments } from 'nestjs-laaffic';

/**
 * Where the user enters the code: in a browser, in an Android app, or on an Apple device (in an app or in Safari).
 */
export type VerificationClient = 'web' | 'android' | 'ios';

/** How phones recognize a message, so that they can fill in its code. */
export interface AutofillOptions {
  /**
   * The host name of the page that asks for the code, as browsers send it (`xn--…` for other letters than `a` to `z`). The
   * last line of each message is then `@example.com #123456`. Apple devices also use it for apps that are associated with
   * the host.
   * @default none: phones guess which digits are the code
   */
  readonly domain?: string | undefined;
  /** The host name of the frame that asks for the code, if it is not the page itself. */
  readonly embeddedDomain?: string | undefined;
  /**
   * The hash by which SMS Retriever of Google Play services finds the Android app: 11 characters. It is the last line of
   * messages for the client `android`.
   */
  readonly androidHash?: string | undefined;
}

/** The largest message that SMS Retriever passes on (Google Identity, "Perform SMS Verification on a Server"). */
export const MAX_RETRIEVER_BYTES = 140;

const HOST = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const ANDROID_HASH = /^[A-Za-z0-9+/]{11}$/;

/** Finds what is wrong with the options, as sentences. */
export function autofillProblems({ domain, embeddedDomain, androidHash }: AutofillOptions): readonly string[] {
  const host = 'must be a host name in lower case, such as example.com, without https:// and without a port';
  const problems: string[] = [];
  if (domain !== undefined && !HOST.test(domain)) problems.push(`domain ${host}`);
  if (embeddedDomain !== undefined) {
    if (!HOST.test(embeddedDomain)) problems.push(`embeddedDomain ${host}`);
    if (domain === undefined) problems.push('embeddedDomain needs domain, the host name of the page around the frame');
  }
  if (androidHash !== undefined && !ANDROID_HASH.test(androidHash)) {
    problems.push('androidHash must have 11 characters out of A-Z, a-z, 0-9, + and /');
  }
  return problems;
}

/**
 * Adds the last line to the first wording that fits into one part with it, otherwise to the last wording.
 *
 * An Android message has the hash as its last line if that fits into 140 bytes. Any other message has the origin line if
 * there is a domain, because a hash in a longer message has no effect.
 * @param wordings at least one, the preferred one first.
 */
export function withLastLine(
  wordings: readonly string[],
  code: string,
  client: VerificationClient | undefined,
  options: AutofillOptions,
): string {
  const { androidHash } = options;
  if (client === 'android' && androidHash !== undefined) {
    const content = wordings
      .map((wording) => `${wording}\n${androidHash}`)
      .find((text) => sizeInBytes(text) <= MAX_RETRIEVER_BYTES);
    if (content !== undefined) return content;
  }
  const line = originLine(code, client, options);
  const contents = wordings.map((wording) => (line === undefined ? wording : `${wording}\n${line}`));
  return contents.find((content) => segments(content).parts === 1) ?? contents.at(-1) ?? '';
}

/** The parts of a message whose last line is an origin and a code. */
const ORIGIN_LINE = /^(?:(.*)\n)?@\S+ #(\S+)(?: [@%]\S+)?$/su;

/** Removes the origin line from a message if it has one for the code. */
export function withoutOriginLine(content: string, code: string): string {
  const [, text = '', found] = ORIGIN_LINE.exec(content) ?? [];
  return found === code ? text : content;
}

function originLine(
  code: string,
  client: VerificationClient | undefined,
  options: AutofillOptions,
): string | undefined {
  const { domain, embeddedDomain } = options;
  if (domain === undefined) return undefined;
  if (embeddedDomain === undefined) return `@${domain} #${code}`;
  // The specification (WICG sms-one-time-codes) and Chrome have @ before the embedded host; Apple's page has %.
  return `@${domain} #${code} ${client === 'ios' ? '%' : '@'}${embeddedDomain}`;
}

/** Google does not say how it counts bytes, so the larger of UTF-8 and the encoding of the SMS counts. */
function sizeInBytes(text: string): number {
  const { encoding, units } = segments(text);
  return Math.max(Buffer.byteLength(text), encoding === 'ucs-2' ? 2 * units : Math.ceil((7 * units) / 8));
}
