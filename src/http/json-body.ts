import {
  BadRequestException,
  HttpException,
  PayloadTooLargeException,
  UnsupportedMediaTypeException,
} from '@nestjs/common';
import { raw, type Request } from 'express';
import { invalidCommand } from 'nestjs-laaffic';

/** 1,000 recipients with order ids of 64 characters make 110 kB. */
const LARGEST_BODY = '1mb';
/** The deepest body is a recipient in a list: three levels. */
const DEEPEST = 8;
/** No object of any body has more than seven. What checks them takes time by the square of their number. */
const MOST_FIELDS = 64;

const readBytes = raw({ limit: LARGEST_BODY, inflate: false, type: () => true });

/**
 * Reads the body of a request as JSON.
 * @returns an object, which is empty if the body is; `undefined` if there is no body.
 * @throws {HttpException} if it is too large, or no JSON object in UTF-8.
 * @throws {LaafficInputException} if it is nested too deeply, or one of its objects has too many fields.
 */
export async function readJsonBody(request: Request): Promise<object | undefined> {
  const bytes = await bytesOf(request);
  if (bytes === undefined) return undefined;
  const text = decode(bytes);
  if (text === '') return {};
  checkShape(text);
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw notJson();
  return value;
}

function bytesOf(request: Request): Promise<Buffer | undefined> {
  const charset = /;\s*charset="?([^";\s]*)/i.exec(request.headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  if (!/^utf-?8$/i.test(charset)) throw new UnsupportedMediaTypeException('Send the body as JSON in UTF-8');
  return new Promise((resolve, reject) => {
    readBytes(request, request.res as NonNullable<Request['res']>, (error?: unknown) => {
      if (error !== undefined) reject(refusalOf(error));
      else resolve(Buffer.isBuffer(request.body) ? request.body : undefined);
    });
  });
}

function refusalOf(error: unknown): HttpException {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  if (status === 413) return new PayloadTooLargeException();
  if (status === 415) return new UnsupportedMediaTypeException('Send the body as it is, without Content-Encoding');
  return new BadRequestException('The body did not come to its end', { cause: error });
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // What is no UTF-8 would be sent as other characters than the caller's.
    throw notJson();
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notJson();
  }
}

/** Without the words of JSON.parse, which repeat the body. */
function notJson(): BadRequestException {
  return new BadRequestException('The body is no JSON object', { cause: new SyntaxError('no JSON object') });
}

const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a];
const [OPEN_LIST, OPEN_OBJECT, CLOSE_LIST, CLOSE_OBJECT] = [0x5b, 0x7b, 0x5d, 0x7d];

/** Looks once through the text, before anything is made of it. Whether it is JSON is for the parser to say. */
function checkShape(text: string): void {
  /** The fields of the objects that are open, from the outermost. */
  const fields: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfText(text, at);
    else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      if (fields.push(0) > DEEPEST) throw tooMuch(`is nested more than ${DEEPEST} levels deep`);
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) fields.pop();
    else if (code === COLON && fields.length > 0) {
      const count = (fields.pop() ?? 0) + 1;
      if (count > MOST_FIELDS) throw tooMuch(`has an object with more than ${MOST_FIELDS} fields`);
      fields.push(count);
    }
  }
}

/** Where the text that begins at a quote ends. */
function endOfText(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at++;
    else if (code === QUOTE) return at;
  }
  return text.length;
}

function tooMuch(problem: string): Error {
  return invalidCommand([{ field: 'body', problem }]);
}
