import {
  BadRequestException,
  HttpException,
  PayloadTooLargeException,
  UnsupportedMediaTypeException,
} from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { raw } from 'express';
import { invalidCommand } from 'nestjs-laaffic';
import { firstInvalidByte } from './invalid-utf8.js';
import { charsetOf } from './media-type.js';

/** 1,000 recipients with order ids of 64 characters make 110 kB. */
const MAX_BODY_SIZE = '1mb';
/** The deepest valid body is a recipient in a list, with three levels. */
const MAX_DEPTH = 8;
/** No valid object has more than seven. The time of the validation grows with the square of their number. */
const MAX_FIELDS = 64;

const readBytes = raw({ limit: MAX_BODY_SIZE, inflate: false, type: () => true });

/**
 * Reads the body of a request as JSON.
 * @returns an empty object if the body is empty; `undefined` without a body.
 * @throws {HttpException} if it is too large, or not a JSON object in UTF-8.
 * @throws {LaafficInputException} if it is nested too deeply, or an object has too many fields.
 */
export async function readJsonBody(request: IncomingMessage): Promise<object | undefined> {
  const bytes = await bytesOf(request);
  if (bytes === undefined) return undefined;
  const text = decode(bytes);
  if (text === '') return {};
  checkShape(text);
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw notJson();
  return value;
}

function bytesOf(request: IncomingMessage): Promise<Buffer | undefined> {
  if (!/^utf-?8$/i.test(charsetOf(request) ?? 'utf-8'))
    throw new UnsupportedMediaTypeException('Send the body as JSON in UTF-8');
  return new Promise((resolve, reject) => {
    // The parser only reads the request.
    const target: IncomingMessage & { body?: unknown } = request;
    readBytes(target, {} as Parameters<typeof readBytes>[1], (error?: unknown) => {
      if (error !== undefined) reject(rejectionOf(error));
      else resolve(Buffer.isBuffer(target.body) ? target.body : undefined);
    });
  });
}

function rejectionOf(error: unknown): HttpException {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  if (status === 413) return new PayloadTooLargeException();
  if (status === 415) return new UnsupportedMediaTypeException('Send the body as it is, without Content-Encoding');
  return new BadRequestException('The body is incomplete', { cause: error });
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Replacement characters would be sent in place of the caller's text.
    const index = firstInvalidByte(bytes);
    const place = (index < 0 ? bytes.length : index) + 1;
    throw new BadRequestException(`Byte ${place} of the body is not UTF-8`, { cause: new SyntaxError('no UTF-8') });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notJson();
  }
}

/** Does not repeat the message of `JSON.parse`, which contains the body. */
function notJson(): BadRequestException {
  return new BadRequestException('The body is not a JSON object', { cause: new SyntaxError('no JSON object') });
}

const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a];
const [OPEN_LIST, OPEN_OBJECT, CLOSE_LIST, CLOSE_OBJECT] = [0x5b, 0x7b, 0x5d, 0x7d];

/** Scans the text once before it is parsed. It does not check that the text is JSON. */
function checkShape(text: string): void {
  /** The number of fields of each open object, outermost first. */
  const fields: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfText(text, at);
    else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      if (fields.push(0) > MAX_DEPTH) throw tooMuch(`is nested more than ${MAX_DEPTH} levels deep`);
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) fields.pop();
    else if (code === COLON && fields.length > 0) {
      const count = (fields.pop() ?? 0) + 1;
      if (count > MAX_FIELDS) throw tooMuch(`has an object with more than ${MAX_FIELDS} fields`);
      fields.push(count);
    }
  }
}

/** The index of the quote that closes a text. */
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
