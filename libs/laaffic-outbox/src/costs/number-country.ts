/**
 * ITU-T E.164: the calling codes, each with its country, or with the one that has nearly all of its numbers. So 44
 * stands for Guernsey, Jersey and the Isle of Man too, 39 for the Vatican, 47 for Svalbard, 61 for Christmas and the
 * Cocos Islands, 212 for Western Sahara, 262 for Mayotte, 290 and 247 for all of Saint Helena, Ascension and Tristan da
 * Cunha, 358 for Åland, 590 for Saint Barthélemy and Saint Martin, and 599 for Bonaire.
 */
const CALLING_CODES =
  'US 1, RU 7, EG 20, ZA 27, GR 30, NL 31, BE 32, FR 33, ES 34, HU 36, IT 39, RO 40, CH 41, AT 43, GB 44, DK 45, ' +
  'SE 46, NO 47, PL 48, DE 49, PE 51, MX 52, CU 53, AR 54, BR 55, CL 56, CO 57, VE 58, MY 60, AU 61, ID 62, PH 63, ' +
  'NZ 64, SG 65, TH 66, JP 81, KR 82, VN 84, CN 86, TR 90, IN 91, PK 92, AF 93, LK 94, MM 95, IR 98, SS 211, MA 212, ' +
  'DZ 213, TN 216, LY 218, GM 220, SN 221, MR 222, ML 223, GN 224, CI 225, BF 226, NE 227, TG 228, BJ 229, MU 230, ' +
  'LR 231, SL 232, GH 233, NG 234, TD 235, CF 236, CM 237, CV 238, ST 239, GQ 240, GA 241, CG 242, CD 243, AO 244, ' +
  'GW 245, IO 246, SH 247, SC 248, SD 249, RW 250, ET 251, SO 252, DJ 253, KE 254, TZ 255, UG 256, BI 257, MZ 258, ' +
  'ZM 260, MG 261, RE 262, ZW 263, NA 264, MW 265, LS 266, BW 267, SZ 268, KM 269, SH 290, ER 291, AW 297, FO 298, ' +
  'GL 299, GI 350, PT 351, LU 352, IE 353, IS 354, AL 355, MT 356, CY 357, FI 358, BG 359, LT 370, LV 371, EE 372, ' +
  'MD 373, AM 374, BY 375, AD 376, MC 377, SM 378, UA 380, RS 381, ME 382, XK 383, HR 385, SI 386, BA 387, MK 389, ' +
  'CZ 420, SK 421, LI 423, FK 500, BZ 501, GT 502, SV 503, HN 504, NI 505, CR 506, PA 507, PM 508, HT 509, GP 590, ' +
  'BO 591, GY 592, EC 593, GF 594, PY 595, MQ 596, SR 597, UY 598, CW 599, TL 670, NF 672, BN 673, NR 674, PG 675, ' +
  'TO 676, SB 677, VU 678, FJ 679, PW 680, WF 681, CK 682, NU 683, WS 685, KI 686, NC 687, TV 688, PF 689, TK 690, ' +
  'FM 691, MH 692, KP 850, HK 852, MO 853, KH 855, LA 856, BD 880, TW 886, MV 960, LB 961, JO 962, SY 963, IQ 964, ' +
  'KW 965, SA 966, YE 967, OM 968, PS 970, AE 971, IL 972, BH 973, QA 974, BT 975, MN 976, NP 977, TJ 992, TM 993, ' +
  'AZ 994, GE 995, KG 996, UZ 998';

/**
 * What tells apart countries of similar size that share a code: the next digit after 7, and the area code after 1. All
 * other area codes after 1 are those of the United States, which gets most of the new ones.
 */
const LONGER_CODES =
  'KZ 76, KZ 77, BS 1242, BB 1246, AI 1264, AG 1268, VG 1284, VI 1340, KY 1345, BM 1441, GD 1473, TC 1649, JM 1658, ' +
  'MS 1664, MP 1670, GU 1671, AS 1684, SX 1721, LC 1758, DM 1767, VC 1784, PR 1787, DO 1809, DO 1829, DO 1849, ' +
  'TT 1868, KN 1869, JM 1876, PR 1939, CA 1204, CA 1226, CA 1236, CA 1249, CA 1250, CA 1257, CA 1263, CA 1273, ' +
  'CA 1289, CA 1306, CA 1343, CA 1354, CA 1365, CA 1367, CA 1368, CA 1382, CA 1403, CA 1416, CA 1418, CA 1428, ' +
  'CA 1431, CA 1437, CA 1438, CA 1450, CA 1468, CA 1474, CA 1506, CA 1514, CA 1519, CA 1548, CA 1579, CA 1581, ' +
  'CA 1584, CA 1587, CA 1600, CA 1604, CA 1613, CA 1622, CA 1633, CA 1639, CA 1647, CA 1672, CA 1683, CA 1705, ' +
  'CA 1709, CA 1742, CA 1753, CA 1778, CA 1780, CA 1782, CA 1807, CA 1819, CA 1825, CA 1867, CA 1873, CA 1879, ' +
  'CA 1902, CA 1905, CA 1942';

const COUNTRIES: ReadonlyMap<string, string> = new Map(
  `${CALLING_CODES}, ${LONGER_CODES}`.split(', ').map((entry) => {
    const [country = '', code = ''] = entry.split(' ');
    return [code, country] as const;
  }),
);

const LONGEST_CODE = 4;

/** Where a number belongs to. */
export type NumberOrigin =
  | { readonly country: string }
  /** Three digits that belong to no country: a satellite or another network of its own, or a code without numbers. */
  | { readonly callingCode: string };

/**
 * The country of a number, by its first digits.
 * @param number digits with country code.
 * @returns its code of ISO 3166-1, or the first three digits if they belong to no country.
 */
export function originOf(number: string): NumberOrigin {
  for (let length = LONGEST_CODE; length > 0; length--) {
    const country = COUNTRIES.get(number.slice(0, length));
    if (country !== undefined) return { country };
  }
  return { callingCode: number.slice(0, 3) };
}
