"""What training sees: which faces, in which mixture, distorted how."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from emotion_ml.training import augment, folders, grouping, sources
from emotion_ml.training.dataset import Faces
from emotion_ml.training.recipe import Config
from emotion_ml.training.sources import Source

CONFIG = Config.read(Path(__file__).resolve().parents[2] / "config.yml")
STILL = replace(
    CONFIG.augment, rotate_deg=0, scale=0, shift=0, brightness=0, contrast=0, blur_p=0, noise_p=0, jpeg_p=0, erase_p=0
)


def pictures(n: int, seed: int = 0) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    rough = rng.uniform(30, 220, (n, 7, 7))
    return np.stack([cv2.resize(each, (96, 96), interpolation=cv2.INTER_CUBIC).clip(20, 255) for each in rough]).astype(
        np.uint8
    )


def source(name: str, n: int) -> Source:
    faces = Faces(pictures(n), np.full((n, 5), 0.2, dtype=np.float32))
    return Source(name, faces, faces, cutouts=False)


def test_an_epoch_shows_each_face_of_the_first_source_once_and_mixes_the_others_in_their_share() -> None:
    data = [source("votes", 70), source("folders", 9)]
    sizes = sources.sizes(data, 10, 0.3)
    assert sizes == [7, 3]
    seen: dict[str, Counter[int]] = {"votes": Counter(), "folders": Counter()}
    for batch in sources.batches(data, sizes, seed=1):
        assert [len(rows) for _, rows in batch] == sizes
        for one, rows in batch:
            seen[one.name].update(rows.tolist())
    assert set(seen["votes"].values()) == {1}
    assert len(seen["votes"]) == 70
    assert max(seen["folders"].values()) - min(seen["folders"].values()) <= 1  # each again only when all were shown


def test_the_same_seed_gives_the_same_epoch_and_another_seed_another() -> None:
    data = [source("votes", 40)]
    one, same, other = ([rows.tolist() for [(_, rows)] in sources.batches(data, [8], seed)] for seed in (5, 5, 6))
    assert one == same
    assert one != other


def test_a_cut_out_face_gets_surroundings_and_keeps_its_own_pixels() -> None:
    faces = torch.from_numpy(pictures(32)).unsqueeze(1).float() / 255
    outside = torch.ones_like(faces)
    outside[:, :, 30:66, 30:66] = 0
    cut = faces * (1 - outside)
    never_black = replace(STILL, cutout_zoom=0.0, cutout_black_p=0.0)
    filled = never_black(cut.clone(), 96, torch.Generator().manual_seed(0), cutouts=True)
    assert float((filled[outside > 0] == 0).float().mean()) < 0.05
    straight, mirrored = (
        (filled[:, :, 33:63, 33:63] - each[:, :, 33:63, 33:63]).abs().amax(dim=(1, 2, 3))
        for each in (faces, faces.flip(-1))
    )
    assert float(torch.minimum(straight, mirrored).max()) < 1e-4
    always_black = replace(never_black, cutout_black_p=1.0)(cut.clone(), 96, torch.Generator(), cutouts=True)
    assert float(always_black[:, :, :20].max()) == 0


def test_distortions_keep_the_range_and_are_the_same_for_the_same_seed() -> None:
    faces = torch.from_numpy(pictures(64)).unsqueeze(1).float() / 255
    one, same = (CONFIG.augment(faces.clone(), 64, torch.Generator().manual_seed(3)) for _ in range(2))
    assert one.shape == (64, 1, 64, 64)
    assert float(one.min()) >= 0
    assert float(one.max()) <= 1
    assert torch.equal(one, same)
    assert not torch.allclose(one[0], one[1])


def test_black_corners_are_outside_and_dark_hair_is_not() -> None:
    face = pictures(1)[0]
    face[40:44, 40:60] = 0  # dark, but not reached from a corner
    oval = np.zeros((96, 96), dtype=np.uint8)
    cv2.ellipse(oval, (48, 48), (40, 46), 0, 0, 360, 1, cv2.FILLED)
    marked = folders.mark_outside(face * oval)
    assert (marked[oval == 0] == 0).all()
    assert (marked[oval == 1] > 0).all()
    assert (folders.mark_outside(face) > 0).all()


def test_near_copies_share_a_group_and_a_place_in_any_order() -> None:
    faces = pictures(40)
    copies = [cv2.GaussianBlur(face, (3, 3), 0).astype(np.uint8) for face in faces[:10]]
    together = np.concatenate([faces, np.stack(copies)])
    group = grouping.groups(together)
    assert (group[:10] == group[40:]).all()
    assert len(set(group.tolist())) == 40
    places = grouping.places(together, group)
    order = np.random.default_rng(2).permutation(len(together))
    np.testing.assert_array_equal(grouping.places(together[order], grouping.groups(together[order])), places[order])
    assert (places[:10] == places[40:]).all()


def test_the_fixed_parts_of_the_colour_faces_share_no_group(shared: Path) -> None:
    found = folders.read(shared / "data" / "colour_faces_96.tar")
    sizes = {part: len(found.rows(part)) for part in folders.PARTS}
    assert sum(sizes.values()) == 22_365
    assert sizes["test"] / 22_365 == pytest.approx(0.1, abs=0.01)
    assert found.group is not None
    homes: dict[int, set[int]] = {}
    for group, part in zip(found.group.tolist(), found.part.tolist(), strict=True):
        homes.setdefault(group, set()).add(part)
    assert all(len(parts) == 1 for parts in homes.values())


def test_a_configuration_with_a_wrong_field_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "wrong.yml").write_text("stages: [{px: 64, epochs: 1}]\naugment: {}\nlerning_rate: 1\n")
    with pytest.raises(ValueError, match=r"wrong\.yml is not a training configuration"):
        Config.read(tmp_path / "wrong.yml")


def test_compression_leaves_what_a_real_encoder_leaves() -> None:
    faces = pictures(6)[:, :75, :90]  # sides that are no multiples of a block
    for quality in (15, 50, 90):
        ours = augment.jpeg(torch.from_numpy(faces).unsqueeze(1).float() / 255, torch.full((6,), float(quality)))
        for face, mine in zip(faces, ours[:, 0].numpy() * 255, strict=True):
            _, data = cv2.imencode(".jpg", face, [cv2.IMWRITE_JPEG_QUALITY, quality])
            theirs = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), dtype=np.float64)
            assert np.abs(mine - theirs).mean() < 0.5
            if quality == 15:
                assert np.abs(theirs - face).mean() > 1  # so that there was something to agree on
