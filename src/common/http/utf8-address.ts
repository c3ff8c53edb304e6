import { BadRequestException } from '@nestjs/common';
import { firstInvalidByte } from './invalid-utf8.js';
import type { Middleware } from './node-http.js';

const ESCAPED = /(?:%[0-9a-f]{2})+/gi;

/**
 * Middleware: rejects an address with escaped bytes that are not UTF-8, and names the place. Express would leave the
 * escapes as they are, and `caf%E9` would be sent as the text of an SMS.
 */
export const rejectInvalidUtf8: Middleware = ({ url = '' }, _, next) => {
  for (const { 0: escaped, index } of url.matchAll(ESCAPED)) {
    const bytes = Buffer.from(escaped.replaceAll('%', ''), 'hex');
    const wrong = firstInvalidByte(bytes);
    if (wrong >= 0) {
      const place = index + 3 * wrong + 1;
      next(new BadRequestException(`The address has a byte that is not UTF-8, at character ${place}`));
      return;
    }
  }
  next();
};
