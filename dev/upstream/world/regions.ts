/** Where accounts and posts of the emulator are from. */
export const HOME_REGIONS = ["US", "GB", "DE", "FR", "ES", "BR", "MX", "ID", "JP", "PH", "TR", "VN"] as const;

const CODES =
  "AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BM BN BO BR BS BT BW BY BZ CA CD CF CG CH CI CK CL CM " +
  "CO CR CV CW CY CZ DE DJ DK DM DO DZ EC EE EG ES ET FI FJ FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK HN " +
  "HR HT HU ID IE IL IM IQ IS IT JE JM JO JP KE KG KH KI KM KN KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MG MH MK " +
  "ML MM MN MO MQ MR MT MU MV MW MX MY MZ NA NC NE NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PR PS PT PW PY QA RE RO RS RU " +
  "RW SA SB SC SE SG SI SK SL SM SN SO SR ST SV SX SZ TC TD TG TH TJ TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VC VE VG VI VN VU " +
  "WS YE ZA ZM ZW";

/** Country names by ISO 3166 code. */
export function regionList(): Readonly<Record<string, string>> {
  const names = new Intl.DisplayNames(["en"], { type: "region" });
  return Object.fromEntries(CODES.split(" ").map((code) => [code, names.of(code) ?? code]));
}
