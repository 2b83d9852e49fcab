"""Words with and without spaces between them."""

from __future__ import annotations

from analytics import spacing


def test_there_is_a_space_unless_neither_side_writes_one() -> None:
    assert spacing.joined(["It", "works,", "(really)."]) == "It works, (really)."
    assert spacing.joined(["今天", "我们", "学习。", "好"]) == "今天我们学习。好"
    assert spacing.joined(["これは", "ペン", "です。"]) == "これはペンです。"
    assert spacing.joined(["สวัส", "ดี", "ครับ"]) == "สวัสดีครับ"
    assert spacing.joined(["我们用", "Python", "写"]) == "我们用 Python 写"
    assert spacing.joined(["오늘", "우리는"]) == "오늘 우리는"
    assert spacing.joined(["", "a", ""]) == "a"


def test_sentences_have_a_space_but_in_chinese_and_japanese() -> None:
    assert spacing.in_a_row(["One.", "Two."]) == "One. Two."
    assert spacing.in_a_row(["你好。", "我们学习。"]) == "你好。我们学习。"
    assert spacing.in_a_row(["สวัสดี", "ขอบคุณ"]) == "สวัสดี ขอบคุณ"


def test_words_are_counted_or_letters() -> None:
    assert spacing.size("It works, (really) — yes.") == 5
    assert spacing.size("今天我们学习。") == 6
    assert spacing.size("我们用 Python 写") == 5
    assert spacing.size("오늘 우리는 배웁니다.") == 3
    assert spacing.size("สวัสดี") == 4, "without the vowels above"
    assert spacing.size("") == 0


def test_a_wide_letter_takes_the_room_of_two() -> None:
    assert spacing.width("abc学习") == 7
