/* Claims through the C interface: three of them, of which one is refused and one repeats a line. */
#include "check.h"

#define CLAIMS SOURCE_FOLDER "/tests/bindings/c/data/claims"

int main(void) {
  clearhead_claims_model *model = NULL, *other = NULL;
  CHECK_OK(clearhead_claims_model_open(SOURCE_FOLDER "/models/claims", &model));
  clearhead_claims* claims = NULL;
  CHECK_OK(clearhead_claims_read(model, CLAIMS, NULL, &claims));
  if (claims == NULL) return 1;
  CHECK(clearhead_claims_count(claims) == 2);
  CHECK(clearhead_claims_refused(claims) == 1);
  CHECK(strstr(clearhead_claims_refusal(claims, 0), "claims.csv, line 3, charge: claim C2: ") !=
        NULL);
  CHECK(clearhead_claims_refusal(claims, 1) == NULL);
  CHECK(clearhead_claims_refusal(claims, -1) == NULL);

  clearhead_claim_score scores[2];
  CHECK_OK(clearhead_claims_score(model, claims, 0, 2, scores, sizeof scores[0]));
  CHECK(strcmp(scores[0].claim, "C1") == 0 && strcmp(scores[1].claim, "C3") == 0);
  /* Two lines that are alike are unusual; one line is not a second of anything. */
  CHECK(scores[1].kinds[CLEARHEAD_KIND_DUPLICATE] > 1);
  CHECK_NEAR(scores[0].kinds[CLEARHEAD_KIND_DUPLICATE], 0, 0);
  CHECK(scores[1].score > scores[0].score);
  CHECK(scores[1].evidence_line == 1 || scores[1].evidence_line == 2);
  CHECK(scores[1].at_stake == 13680);

  /* One alone, for a caller that knows only the first members. */
  struct {
    const char* claim;
    double score;
  } known = {NULL, 0};
  CHECK_OK(
      clearhead_claims_score(model, claims, 1, 1, (clearhead_claim_score*)&known, sizeof known));
  CHECK(strcmp(known.claim, "C3") == 0);
  CHECK(known.score == scores[1].score);
  CHECK_OK(clearhead_claims_score(model, claims, 2, 0, NULL, sizeof scores[0]));
  CHECK_REFUSED(clearhead_claims_score(model, claims, 0, 2, scores, 4), "score_size: expected");

  CHECK_REFUSED(clearhead_claims_score(model, claims, 1, 2, scores, sizeof scores[0]),
                "there are 2 claims; got first 1 and count 2");
  CHECK_REFUSED(clearhead_claims_score(model, claims, -1, 1, scores, sizeof scores[0]), "first -1");
  CHECK_REFUSED(clearhead_claims_score(model, claims, 0, 2, NULL, sizeof scores[0]), "scores");
  CHECK_REFUSED(clearhead_claims_score(model, NULL, 0, 2, scores, sizeof scores[0]), "claims");
  CHECK_OK(clearhead_claims_model_open(SOURCE_FOLDER "/models/claims", &other));
  CHECK_REFUSED(clearhead_claims_score(other, claims, 0, 2, scores, sizeof scores[0]),
                "read for another model");
  clearhead_claims_model_free(other);
  clearhead_claims_free(claims);

  clearhead_claims_options o = CLEARHEAD_CLAIMS_OPTIONS_INIT;
  o.mapping = "no-such-mapping";
  CHECK_REFUSED(clearhead_claims_read(model, CLAIMS, &o, &claims), "no-such-mapping");
  CHECK_REFUSED(clearhead_claims_read(model, "no-such-claims", NULL, &claims), "no-such-claims");
  CHECK_REFUSED(clearhead_claims_read(model, NULL, NULL, &claims), "path: it is needed");
  CHECK_REFUSED(clearhead_claims_read(NULL, CLAIMS, NULL, &claims), "model: it is needed");
  CHECK(claims == NULL);
  clearhead_claims_model_free(model);
  CHECK_REFUSED(clearhead_claims_model_open("no-such-model", &model), "no-such-model");
  CHECK_REFUSED(clearhead_claims_model_open(NULL, &model), "folder: it is needed");
  CHECK(model == NULL);
  clearhead_claims_model_free(NULL);
  clearhead_claims_free(NULL);
  return failures != 0;
}
