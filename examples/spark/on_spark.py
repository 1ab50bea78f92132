"""Scores claims, or embeds texts, on a Spark cluster.

    spark-submit examples/spark/on_spark.py claims CLAIMS SCORES
    spark-submit examples/spark/on_spark.py texts TEXTS VECTORS --model FOLDER

Tables are Parquet: claims have the columns row, member and json, texts row and text
(docs/cluster.md says how they are made, and what the workers need).
"""

import argparse
import functools
import pathlib

import rows
from pyspark.sql import DataFrame, SparkSession, functions
from pyspark.sql.pandas.types import from_arrow_schema


def score_claims(claims: DataFrame, model: str = "claims", partitions: int = 200) -> DataFrame:
    """The scores of all claims, as ``rows.score_claims`` gives them.

    A claim is read together with the others of its member, so these come into one partition, and
    there one after another, in the order of the input; one without a member comes anywhere. A
    partition is what is calculated again if its executor dies; into how many the claims are divided
    changes no score."""
    key = functions.coalesce(claims["member"], claims["row"].cast("string"))
    together = claims.repartition(partitions, key).sortWithinPartitions("member", "row")
    score = functools.partial(rows.score_claims, model=model)
    return together.select("row", "member", "json").mapInArrow(
        score, from_arrow_schema(rows.SCORES)
    )


def embed_texts(texts: DataFrame, model: str) -> DataFrame:
    """The vectors of all texts, as ``rows.embed_texts`` gives them; no text is sent anywhere."""
    embed = functools.partial(rows.embed_texts, model=model)
    return texts.select("row", "text").mapInArrow(embed, from_arrow_schema(rows.EMBEDDINGS))


def send_code(spark: SparkSession) -> None:
    """Lets the workers import ``rows``, so that what it keeps lives as long as a worker."""
    spark.sparkContext.addPyFile(str(pathlib.Path(__file__).with_name("rows.py")))


def main() -> None:
    parser = argparse.ArgumentParser(description="Scores claims, or embeds texts, on Spark.")
    parser.add_argument("what", choices=["claims", "texts"])
    parser.add_argument("input", help="a table of Parquet")
    parser.add_argument("output", help="where the results go, as Parquet")
    parser.add_argument("--model", default="claims", help="a name, or a folder on every machine")
    parser.add_argument("--partitions", type=int, default=200, help="of claims; %(default)s")
    options = parser.parse_args()
    spark = SparkSession.builder.appName("clearhead").getOrCreate()
    send_code(spark)
    table = spark.read.parquet(options.input)
    if options.what == "claims":
        result = score_claims(table, options.model, options.partitions)
    else:
        result = embed_texts(table, options.model)
    result.write.parquet(options.output)
    spark.stop()


if __name__ == "__main__":
    main()
