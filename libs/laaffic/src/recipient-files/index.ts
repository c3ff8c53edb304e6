export type { FileRecipient } from './file-recipient.js';
export { guardFormulas } from './formula-guard.js';
export { readRecipientFile, type RecipientFileFormat, type RecipientFileOptions } from './recipient-file.js';
export { RecipientFileError } from './recipient-file.error.js';
