import { Module } from '@nestjs/common';
import { RecipientUploads } from './recipient-uploads.js';
import { UploadSlots } from './upload-slots.js';

/** Uploads of numbers. All kinds of uploads share the slots. */
@Module({ providers: [RecipientUploads, UploadSlots], exports: [RecipientUploads] })
export class UploadModule {}
