"""A teacher that hears the whole utterance, and what a student learns from it; needs PyTorch."""

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is for training only")
pytest.importorskip("sentencepiece", reason="sentencepiece is for training only")

from scripts.training.asr.data import Batch  # noqa: E402
from scripts.training.asr.losses import BAND, Outputs, losses_of, outputs  # noqa: E402
from scripts.training.asr.model import Shape, Transducer  # noqa: E402
from scripts.training.asr.teacher import Lessons, above, apart, delayed, delays, load  # noqa: E402
from scripts.training.asr.trainee import averaged, save  # noqa: E402
from scripts.training.asr.tune import taught  # noqa: E402

SHAPE = Shape(bands=8, conv=16, lstm=16, layers=1, joint=16, pieces=6, embedding=8)


@pytest.fixture
def student():
    torch.manual_seed(3)
    return Transducer(SHAPE)


@pytest.fixture
def batch():
    torch.manual_seed(4)
    labels = torch.tensor([[1, 2, 3], [4, 5, 0]])
    return Batch(torch.randn(2, 96, SHAPE.bands), labels, torch.tensor([12, 9]), torch.tensor([3, 2]))


def said_by(model, batch, low=None):
    with torch.no_grad():
        return outputs(model, model.encoder(batch.frames), batch, low)


def test_a_new_teacher_says_what_the_student_says(student, batch):
    student_says, teacher_says = said_by(student, batch), said_by(above(student), batch)
    torch.testing.assert_close(teacher_says.ctc, student_says.ctc, rtol=0, atol=0.02)
    torch.testing.assert_close(teacher_says.logits, student_says.logits, rtol=0, atol=0.02)


def test_only_the_teacher_hears_the_future(student, batch):
    later = batch.frames.clone()
    later[:, -8:] += 5
    teacher = above(student)
    for model, hears in ((student, False), (teacher, True)):
        before, after = model.encoder(batch.frames)[:, 0], model.encoder(later)[:, 0]
        assert torch.equal(before, after) is not hears


def test_a_teacher_learns_above_the_student_alone(student, batch):
    teacher = above(student)
    sum(losses_of(outputs(teacher, teacher.encoder(batch.frames), batch), batch)).backward()
    learning = {name for name, p in teacher.named_parameters() if p.grad is not None and p.grad.any()}
    assert all(name.startswith("encoder.above.") for name in learning)
    assert {"encoder.above.0.out.weight", "encoder.above.1.lstm.weight_hh_l0_reverse"} <= learning


def test_a_checkpoint_tells_a_teacher_from_a_student(student, tmp_path):
    for number, model in enumerate((student, above(student))):
        average = torch.optim.swa_utils.AveragedModel(model)
        path = tmp_path / f"{number}.pt"
        save(path, average=average.state_dict(), shape=SHAPE.as_dict())
        assert averaged(path)[0] == SHAPE
        assert type(load(path)) is type(model)


def test_nothing_is_apart_in_who_says_the_same_and_something_in_who_does_not(student, batch):
    said = said_by(student, batch)
    assert [one.item() for one in apart(said, said, batch)] == pytest.approx([0, 0], abs=1e-6)
    torch.manual_seed(9)
    other = Transducer(SHAPE)
    assert all(one > 0.001 for one in apart(said_by(other, batch, said.low), said, batch))


def test_what_lies_beyond_an_utterance_counts_for_nothing(student, batch):
    said = said_by(student, batch)
    ctc, logits = said.ctc.clone(), said.logits.clone()
    ctc[1, 9:] = torch.log_softmax(torch.randn_like(ctc[1, 9:]), -1)
    logits[1, 9:] = 7.0
    logits[1, :, 3:, 1] = 7.0  # its labels are over
    other = Outputs(ctc, said.low, logits)
    assert [one.item() for one in apart(other, said, batch)] == pytest.approx([0, 0], abs=1e-6)


def test_the_wrong_labels_are_one(student, batch):
    """What a teacher believes of labels that are not the next one is not taught apart."""
    said = said_by(student, batch)
    logits = said.logits.clone()
    wrong = [4, 5]  # at the first label of the first utterance
    logits[0, :, 0, wrong] = logits[0, :, 0, wrong].flip(-1)
    assert (said.low[0] == 0).all() and BAND > 3
    assert apart(Outputs(said.ctc, said.low, logits), said, batch)[0].item() == pytest.approx(0, abs=1e-6)


def test_delayed_vectors_come_later_and_the_first_waits():
    heard = torch.arange(4.0).view(1, 4, 1)
    assert delayed(heard, 0).flatten().tolist() == [0, 1, 2, 3]
    assert delayed(heard, 2).flatten().tolist() == [0, 0, 0, 1]


def test_the_delay_is_how_much_earlier_the_teacher_speaks(student, batch):
    class Late(torch.nn.Module):
        """The student's encoder, two steps later."""

        def forward(self, frames):
            return delayed(student.encoder(frames), 2)

    late = Transducer(SHAPE)
    late.load_state_dict(student.state_dict())
    late.encoder = Late()
    nats = delays(student, late, [batch])
    assert nats.index(min(nats)) == 2 and min(nats) == pytest.approx(0, abs=1e-5)


def test_a_student_comes_nearer_to_its_teacher(student, batch):
    torch.manual_seed(5)
    lessons = Lessons(Transducer(SHAPE))
    objective = taught(student, lessons, 100.0)
    optimiser = torch.optim.SGD(student.parameters(), 1e-3)
    seen = []
    for _ in range(8):
        optimiser.zero_grad()
        loss, figures = objective(batch)
        loss.backward()
        optimiser.step()
        seen.append(figures["from_teacher"])
    assert seen[-1] < seen[0]
    assert {"transducer", "ctc", "from_teacher_ctc"} <= set(figures)


def test_of_what_nobody_transcribed_the_teachers_reading_is_learnt(student, batch):
    torch.manual_seed(5)
    teacher = Transducer(SHAPE)
    with torch.no_grad():
        teacher.output.bias[0] -= 3  # it writes something
    unknown = Batch(batch.frames, torch.zeros((2, 1), dtype=torch.int64), batch.steps, torch.zeros(2).long())
    lessons = Lessons(teacher)
    read = lessons.transcribed(unknown, lessons.heard(unknown))
    assert read.counts.min() > 0 and read.labels.shape == (2, read.counts.max())
    loss, figures = taught(student, lessons, 1.0)(unknown)
    loss.backward()
    assert set(figures) == {"untranscribed_from_teacher", "untranscribed_from_teacher_ctc"}
    assert student.encoder.conv1.weight.grad.any() and student.output.weight.grad.any()
