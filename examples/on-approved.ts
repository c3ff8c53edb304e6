import { Injectable } from '@nestjs/common';
import { OnApproved, type ApprovedVerification } from 'nestjs-laaffic-verify';
import type { Pool } from 'pg';

@Injectable()
export class Profiles {
  constructor(private readonly pool: Pool) {}

  @OnApproved()
  async markVerified({ number, purpose, approvedAt }: ApprovedVerification): Promise<void> {
    if (purpose !== 'profile' || number === undefined) return;
    await this.pool.query('update profile set verified_at = $2 where phone = $1', [number, approvedAt]);
  }
}
