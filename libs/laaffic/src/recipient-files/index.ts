/**
 * Reads recipients from CSV, NDJSON and text files. CSV needs `npm install csv-parse`.
 * @module nestjs-laaffic/recipient-files
 */
export type { FileRecipient } from './file-recipient.js';
export { guardFormulas } from './formula-guard.js';
export { readRecipientFile, type RecipientFileFormat, type RecipientFileOptions } from './recipient-file.js';
export { RecipientFileError } from './recipient-file.error.js';
